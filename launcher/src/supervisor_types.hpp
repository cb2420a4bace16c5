// What a Supervisor is told and what it answers with.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <thane/clock.hpp>
#include <thane/launch_options.hpp>
#include <thane/log.hpp>

namespace thane::internal {

/// One life of one worker process; never used again, unlike a pid or an index.
using WorkerKey = std::uint64_t;

/// How a worker ended, and what is known of its life.
struct Death {
  int status = 0;              ///< Exit status, if signal is 0.
  int signal = 0;              ///< The signal it died of.
  bool core = false;           ///< The kernel has written a core file.
  bool out_of_memory = false;  ///< The kernel has killed somebody in our control group for memory.
  Duration user_time{};
  Duration system_time{};
  std::uint64_t max_rss_kib = 0;
  std::uint64_t requests = 0;
  std::string fiber = {};   ///< The one that ran last.
  std::string reason = {};  ///< What it said itself.

  [[nodiscard]] bool failed() const noexcept { return status != 0 || signal != 0; }
};

/// A service as it was launched; `after` are positions in the list of all.
struct SupervisedService {
  std::string name;
  int workers = 1;
  std::vector<std::size_t> after = {};
  RestartPolicy restart = RestartPolicy::permanent;
  RestartStrategy strategy = RestartStrategy::one_for_one;
  int max_restarts = 0;
  Duration period = std::chrono::seconds{5};
  GiveUp give_up = GiveUp::escalate;
};

/// Options that a reload may change. Zero means for ever, or never.
struct SupervisorLimits {
  Duration graceful_shutdown_timeout{};
  Duration worker_boot_timeout{};
  Duration worker_timeout{};
  int max_generations = 3;
  int max_unavailable = 0;
};

// What the loop has to do, in this order.
struct ForkWorker {
  WorkerKey key;
  std::size_t service;
  int index;
  unsigned generation;
  bool quiet = false;  ///< One of many in a crash loop: its failure is told in the line of its end.
};
struct SendSignal {
  WorkerKey key;
  int number;
};
struct TellRestart {  ///< In place: by the restart method, on its own.
  WorkerKey key;
};
struct TellMutate {  ///< Take up what MutateConfig made the configuration; answer mutated().
  WorkerKey key;
  unsigned generation;
};
struct TakePulse {  ///< Answer with pulse().
  WorkerKey key;
};
struct LogLine {
  log::Level level;
  std::string text;
};
struct Notify {
  std::string state;
};
struct ShowStatus {  ///< To the service manager, and in the parent's title.
  std::string text;
};
struct LoadConfig {  ///< Read the files; answer with config_loaded() or config_refused().
  unsigned generation;
};
struct CommitConfig {};    ///< What was loaded is the configuration now.
struct RollBackConfig {};  ///< What was before CommitConfig is the configuration again.
struct MutateConfig {};    ///< Take up of what was loaded the options that may change at run time.
struct WorkerIsReady {     ///< For the hooks.
  WorkerKey key;
  std::size_t service;
  int index;
  unsigned generation;
  pid_t pid;
};
struct WorkerHasEnded {
  std::size_t service;
  int index;
  unsigned generation;
  pid_t pid;
  Death death;
  bool planned;
};
struct StopBegins {};
struct Finish {
  int status;
};
using Action = std::variant<ForkWorker, SendSignal, TellRestart, TellMutate, TakePulse, LogLine,
                            Notify, ShowStatus, LoadConfig, CommitConfig, RollBackConfig,
                            MutateConfig, WorkerIsReady, WorkerHasEnded, StopBegins, Finish>;

/// How to stop.
enum class Stop { graceful, fast };

/// "died: signal 9" or "exited: status 1".
[[nodiscard]] std::string describe(const Death& death);
/// The rest of the line: signal_name=SIGKILL core=no age=... and so on.
[[nodiscard]] std::string details(const Death& death, Duration age);

}  // namespace thane::internal
