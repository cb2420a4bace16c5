// What a parent decides: which worker to fork, signal or give up on, and when. Decides, does not
// act.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <thane/clock.hpp>
#include <thane/launch_options.hpp>
#include <thane/log.hpp>

#include "respawn_throttle.hpp"

namespace thane::internal {

/// One life of one worker process; never used again, unlike a pid or an index.
using WorkerKey = std::uint64_t;

/// How a worker ended.
struct Death {
  int status = 0;  ///< Exit status, if signal is 0.
  int signal = 0;  ///< The signal it died of.
  friend bool operator==(const Death&, const Death&) = default;
};

// What the loop has to do, in this order.
struct ForkWorker {
  WorkerKey key;
  std::size_t service;
  int index;
  unsigned generation;
};
struct SendSignal {
  WorkerKey key;
  int number;
};
struct TellRestart {  ///< In place: by the restart method.
  WorkerKey key;
};
struct LogLine {
  log::Level level;
  std::string text;
};
struct Notify {
  std::string state;
};
struct LoadConfig {  ///< Read the files; answer with config_loaded() or config_refused().
  unsigned generation;
};
struct CommitConfig {};  ///< What was loaded is the configuration now.
struct MutateConfig {};  ///< Take up of what was loaded the options that may change at run time.
struct Finish {
  int status;
};
using Action = std::variant<ForkWorker, SendSignal, TellRestart, LogLine, Notify, LoadConfig,
                            CommitConfig, MutateConfig, Finish>;

/// How to stop.
enum class Stop { graceful, fast };

/// The state machine of ProcessLauncher's parent: fed with events and the time they happened at, it
/// answers with actions. It knows no fd, no clock and no process, so its whole life is a unit test.
///
///     supervisor.worker_gone(key, {.signal = SIGKILL}, now);
///     for (auto& action : supervisor.take_actions()) act(action);
///     sleep_until(supervisor.next_deadline());
class Supervisor {
 public:
  struct Service {
    std::string name;
    int workers;
  };
  struct Limits {
    Duration graceful_shutdown_timeout;  ///< Zero: for ever.
    Duration worker_boot_timeout;        ///< Zero: for ever.
  };

  Supervisor(const std::vector<Service>& services, Restart restart, const Limits& limits);

  /// Limits are options that a reload may change.
  void set_limits(const Limits& limits) noexcept { limits_ = limits; }

  void start(TimePoint now);
  void worker_forked(WorkerKey key, pid_t pid, TimePoint now);
  void fork_failed(WorkerKey key, const std::string& reason, TimePoint now);
  void worker_ready(WorkerKey key, TimePoint now);
  /// The worker was sent a SIGHUP by somebody else: it is its own affair, unless all were sent one.
  void worker_hung_up(WorkerKey key, TimePoint now);
  void worker_gone(WorkerKey key, const Death& death, TimePoint now);
  void stop_requested(Stop how, TimePoint now);
  void reload_requested(TimePoint now);
  void config_loaded(TimePoint now);
  void config_refused(const std::string& reason, TimePoint now);
  void forward_signal(int number);  ///< To every worker, as it is.
  void time_passed(TimePoint now);  ///< To be called when next_deadline() has come.

  [[nodiscard]] TimePoint next_deadline() const;
  [[nodiscard]] std::vector<Action> take_actions();

 private:
  enum class Phase { starting, running, draining, killed };
  struct Worker {
    std::size_t service = 0;
    int index = 0;
    unsigned generation = 0;
    pid_t pid = -1;
    Phase phase = Phase::starting;
    bool planned = false;   // The parent told it to end.
    std::string killed_by;  // The limit that it passed, if one.
    TimePoint deadline = never;
    TimePoint hang_up_due = never;  // A SIGHUP that is passed on then, unless a reload comes first.
  };
  // A place that one worker fills: index 0..n-1 of a service.
  struct Slot {
    std::optional<WorkerKey> current;
    std::optional<WorkerKey> successor;  // Of a newer generation, not ready yet.
    bool queued = false;                 // Waits in Group::queue for its fork.
    bool failed_to_start = false;
  };
  struct Group {
    std::string name;
    std::vector<Slot> slots;
    RespawnThrottle throttle;
    std::deque<int> queue;  // Slots to fork, in order; the first is held back until `due`.
    TimePoint due = never;
    bool ever_ready = false;
  };
  enum class Reload { none, loading, canary, rolling };

  // supervisor.cpp: the life of workers.
  WorkerKey fork(std::size_t service, int index, unsigned generation, TimePoint now);
  void want_fork(std::size_t service, int index, TimePoint now);
  void run_queue(std::size_t service, TimePoint now);
  void refill(TimePoint now);
  void drain(Worker& worker, WorkerKey key, TimePoint now);
  void note_start_failure(const Worker& worker, const Death& death, TimePoint now);
  void check_all_ready();

  // supervisor_stop.cpp
  void end_worker(WorkerKey key, Worker& worker, const std::string& limit);
  void check_stopped();

  // supervisor_reload.cpp
  void begin_reload();
  void fork_successor(std::size_t service, int index, TimePoint now);
  void successor_ready(Slot& slot, TimePoint now);
  void successor_gone(const Worker& worker, const Death& death, TimePoint now);
  void promote(Slot& slot, TimePoint now);
  void roll(TimePoint now);
  void abandon_reload(const std::string& reason, TimePoint now);
  void pass_on_hang_ups(TimePoint now);
  void end_reload();

  // In place: through a temporary variant g++ 12 warns of strings that are not there.
  template <class Kind>
  void push(Kind action) {
    actions_.emplace_back(std::in_place_type<Kind>, std::move(action));
  }
  template <class... Args>
  void log(log::Level level, fmt::format_string<Args...> format, Args&&... args) {
    push(LogLine{level, fmt::format(format, std::forward<Args>(args)...)});
  }
  [[nodiscard]] std::string label(std::size_t service, int index) const;
  [[nodiscard]] std::string label(const Worker& worker) const;
  [[nodiscard]] Slot& slot_of(const Worker& worker);

  Restart restart_;
  Limits limits_;
  std::vector<Group> groups_;
  std::map<WorkerKey, Worker> workers_;
  WorkerKey last_key_ = 0;
  std::vector<Action> actions_;

  bool ready_told_ = false;
  std::optional<Stop> stopping_;
  int exit_status_ = 0;

  Reload reload_ = Reload::none;
  bool reload_again_ = false;
  unsigned generation_ = 1;                    // Of the configuration in force.
  unsigned last_generation_ = 1;               // The newest one tried.
  TimePoint last_hang_up_ = TimePoint::min();  // When the parent was last sent a SIGHUP.
};

/// "died: signal 9" or "exited: status 1".
[[nodiscard]] std::string describe(const Death& death);

}  // namespace thane::internal
