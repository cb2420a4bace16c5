// What a parent decides: which worker to fork, signal or give up on, and when. Decides, does not
// act.
#pragma once

#include <sys/types.h>

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <thane/clock.hpp>
#include <thane/launch_options.hpp>

#include "hang_watch.hpp"
#include "restart_backoff.hpp"
#include "restart_intensity.hpp"
#include "supervisor_types.hpp"

namespace thane::internal {

/// What INT and QUIT leave to a process; then it is killed.
inline constexpr std::chrono::milliseconds fast_stop_limit{100};

/// The state machine of ProcessLauncher's parent: fed with events and the time they happened at, it
/// answers with actions. It knows no fd, no clock and no process, so its whole life is a unit test.
///
///     supervisor.worker_gone(key, {.signal = SIGKILL}, now);
///     for (auto& action : supervisor.take_actions()) act(action);
///     sleep_until(supervisor.next_deadline());
class Supervisor {
 public:
  using Service = SupervisedService;
  using Limits = SupervisorLimits;

  Supervisor(const std::vector<Service>& services, Restart restart, const Limits& limits);

  /// Limits are options that a reload may change.
  void set_limits(const Limits& limits, TimePoint now);
  /// How often the service manager wants to hear that all is well; zero: not at all.
  void set_watchdog(Duration interval) noexcept { watchdog_interval_ = interval; }

  void start(TimePoint now);
  void worker_forked(WorkerKey key, pid_t pid, TimePoint now);
  void fork_failed(WorkerKey key, const std::string& reason, TimePoint now);
  void worker_ready(WorkerKey key, TimePoint now);
  /// The worker was sent a SIGHUP by somebody else: it is its own affair, unless all were sent one.
  void worker_hung_up(WorkerKey key, TimePoint now);
  /// The worker has passed a limit after which it is to be replaced; `reason` names it.
  void recycle_requested(WorkerKey key, const std::string& reason, TimePoint now);
  /// `error` is empty if all went well.
  void mutated(WorkerKey key, const std::string& error, TimePoint now);
  void pulse(WorkerKey key, const Pulse& pulse, TimePoint now);
  void worker_gone(WorkerKey key, const Death& death, TimePoint now);
  void stop_requested(Stop how, TimePoint now);
  void reload_requested(TimePoint now);
  /// `workers`: how many each service is to have.
  void config_loaded(const std::vector<int>& workers, TimePoint now);
  /// The same when the configuration was mutated.
  void set_workers(const std::vector<int>& workers, TimePoint now);
  void config_refused(const std::string& reason, TimePoint now);
  void forward_signal(int number);  ///< To every worker, as it is.
  void time_passed(TimePoint now);  ///< To be called when next_deadline() has come.

  [[nodiscard]] TimePoint next_deadline() const;
  [[nodiscard]] std::vector<Action> take_actions();
  /// One word on the state of a worker, for its title.
  [[nodiscard]] bool stopping() const noexcept { return stopping_.has_value(); }

 private:
  enum class Phase {
    starting,
    running,
    draining,
    dumping,  // Hung: it was told to write down where, and to die.
    killed,
  };
  struct Worker {
    std::size_t service = 0;
    int index = 0;
    unsigned generation = 0;
    pid_t pid = -1;
    Phase phase = Phase::starting;
    bool planned = false;   // The parent told it to end.
    bool quiet = false;     // In a crash loop: not every line of it is wanted.
    std::string killed_by;  // The limit that it passed, if one.
    std::string recycle;    // The limit after which it is to be replaced, if it has passed one.
    TimePoint forked{};
    TimePoint deadline = never;
    TimePoint hang_up_due = never;  // A SIGHUP that is passed on then, unless a reload comes first.
    TimePoint proof_due = never;  // Lives it until then, its service is in no crash loop any more.
    HangWatch hang;
  };
  // A place that one worker fills: index 0..n-1 of a service.
  struct Slot {
    std::optional<WorkerKey> current;
    std::optional<WorkerKey> successor;  // Not ready yet.
    bool queued = false;                 // Waits in Group::queue for its fork.
    bool failed_to_start = false;
    bool finished = false;   // Its worker has ended, and by policy no other follows.
    bool given_up = false;   // The same, until the next reload.
    bool replacing = false;  // With max_unavailable: the old one goes first.
    bool was_empty = false;  // When the reload began: nothing is lost if it stays so.
  };
  struct Group {
    Service service;
    std::vector<Slot> slots;
    RestartBackoff backoff;
    RestartIntensity intensity;
    std::deque<int> queue = {};  // Slots to fork, in order; the first is held back until `due`.
    TimePoint due = never;
    bool up = false;       // Its workers may be forked: those that it starts after were ready.
    bool leaving = false;  // All its workers end, to start again in order.
    bool told = false;     // While leaving or stopping: to end.
    TimePoint not_before = TimePoint::min();   // When it may start again.
    TimePoint recycle_due = TimePoint::min();  // After a recycling that failed.
    bool ever_ready = false;
    int workers_before = 0;  // The reload.
    int workers_wanted = 0;  // By the reload.
  };
  enum class Reload { none, loading, canary, rolling, rolling_back, mutating };

  // supervisor.cpp: the life of workers.
  WorkerKey fork(std::size_t service, int index, unsigned generation, TimePoint now);
  void start_waiting(TimePoint now);
  void bring_up(std::size_t service, TimePoint now);
  void want_fork(std::size_t service, int index, TimePoint now);
  void run_queue(std::size_t service, TimePoint now);
  void worker_has_proved(Worker& worker, TimePoint now);
  void refill(TimePoint now);
  [[nodiscard]] bool wants_worker(std::size_t service, int index);
  void drain(Worker& worker, WorkerKey key, TimePoint now);
  void dismiss(WorkerKey key, TimePoint now);
  void show_ready(Worker& worker);
  void check_all_ready();

  // supervisor_policy.cpp: what follows from the end of a worker that nobody asked for.
  [[nodiscard]] static std::string failure_of(const Worker& worker, const Death& death);
  void lost(const Worker& worker, const Death& death, TimePoint now);
  [[nodiscard]] bool note_start_failure(const Worker& worker, const Death& death, TimePoint now);
  void give_up(std::size_t service, int index, TimePoint now);
  void restart_together(std::size_t service, TimePoint now);
  void advance_leaving(TimePoint now);
  void check_finished(TimePoint now);
  void look_for_hang(WorkerKey key, Worker& worker, TimePoint now);

  // supervisor_stop.cpp
  void end_at_once(WorkerKey key, Worker& worker, TimePoint now);
  void end_worker(WorkerKey key, Worker& worker, std::string limit);
  void check_stopped();
  void worker_deadline(WorkerKey key, Worker& worker, TimePoint now);
  void keep_manager_patient(TimePoint now);

  // supervisor_reload.cpp
  void begin_reload(TimePoint now);
  void begin_canaries(const std::vector<int>& workers, TimePoint now);
  void begin_mutation(TimePoint now);
  void check_canaries(TimePoint now);
  static void forgive(Group& group);
  void fork_successor(std::size_t service, int index, unsigned generation, TimePoint now);
  void successor_ready(Slot& slot, TimePoint now);
  void successor_gone(const Worker& worker, const std::string& why, TimePoint now);
  void abandon_reload(const std::string& reason, TimePoint now);
  void resume(TimePoint now);
  void end_reload(TimePoint now);
  void pass_on_hang_ups(TimePoint now);
  void bound_generations(TimePoint now);

  // supervisor_rolling.cpp: one worker after another.
  void roll(TimePoint now);
  [[nodiscard]] bool roll_group(std::size_t service, TimePoint now);
  void replace(std::size_t service, int index, TimePoint now);
  void promote(Slot& slot, TimePoint now);
  void resize(std::size_t service, int workers, TimePoint now);
  void retire_surplus(std::size_t service, TimePoint now);
  void recycle(TimePoint now);

  // supervisor_status.cpp
  void show_status();
  void feed_watchdog(TimePoint now);
  [[nodiscard]] std::string status_text() const;
  [[nodiscard]] int running_in(const Group& group) const;
  [[nodiscard]] bool is_ready(const Group& group) const;

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
  /// Null if the service has fewer workers by now.
  [[nodiscard]] Slot* slot_of(const Worker& worker);
  [[nodiscard]] Slot& slot_at(std::size_t service, int index) {
    return groups_[service].slots[static_cast<std::size_t>(index)];
  }
  [[nodiscard]] bool any_worker_of(std::size_t service) const;
  [[nodiscard]] bool is_running(const std::optional<WorkerKey>& key) const {
    return key && workers_.at(*key).phase == Phase::running;
  }

  Restart restart_;
  Limits limits_;
  std::vector<Group> groups_;
  std::map<WorkerKey, Worker> workers_;
  WorkerKey last_key_ = 0;
  std::vector<Action> actions_;

  bool ready_told_ = false;
  std::optional<Stop> stopping_;
  bool stopped_ = false;
  TimePoint stop_deadline_ = never;
  int exit_status_ = 0;

  Reload reload_ = Reload::none;
  TimePoint reload_due_ = never;  // Of one that was asked for during another.
  TimePoint reload_wanted_since_ = never;
  TimePoint reload_deadline_ = never;          // Of a mutation.
  std::set<WorkerKey> mutating_;               // Those that have not answered yet.
  std::string mutation_error_;                 // The first of one that has.
  unsigned generation_ = 1;                    // Of the configuration in force.
  unsigned generation_before_ = 1;             // To go back to.
  unsigned last_generation_ = 1;               // The newest one tried.
  TimePoint last_hang_up_ = TimePoint::min();  // When the parent was last sent a SIGHUP.

  std::string status_;  // As shown last.
  Duration watchdog_interval_{};
  TimePoint watchdog_due_ = never;
  TimePoint patience_due_ = never;  // When the service manager is asked for more time.
};

}  // namespace thane::internal
