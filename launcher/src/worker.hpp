// What a process that runs services does, from its start to its end: a forked worker, or the one
// process of ServiceLauncher. How a parent sees it is in worker_handle.hpp.
#pragma once

#include <signal.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <thane/config.hpp>
#include <thane/event.hpp>
#include <thane/fiber.hpp>
#include <thane/hooks.hpp>
#include <thane/launch_options.hpp>
#include <thane/log.hpp>
#include <thane/service_wrapper.hpp>
#include <thane/unique_fd.hpp>

#include <thane/internal/stall_watch.hpp>
#include <thane/internal/worker_slot.hpp>

#include "channel.hpp"
#include "notify.hpp"
#include "recycling.hpp"
#include "signals.hpp"

namespace thane::internal {

class Worker {
 public:
  struct Setup {
    Config config;
    Restart restart;
    // They outlive the worker. Those of a rank start when those of the ranks before are ready.
    std::vector<std::vector<ServiceWrapper*>> ranks;
    std::string label;            // "0", or "web/0": as in the parent's log lines.
    log::ProcessContext context;  // With the generation, which counts restarts in place.
    const Hooks& hooks;
    UniqueFd channel;                    // To the parent; none in ServiceLauncher.
    const Notifier* notifier = nullptr;  // Only in ServiceLauncher: it speaks for itself.
    sigset_t mask;                       // The signal mask for services to run with.
    bool quiet = false;  // In a crash loop: why it could not start is for the parent to say.
  };

  explicit Worker(Setup setup);

  /// Runs the services until something ends them; returns the exit status of the process. A limit
  /// that passed and a fast stop end the process on the spot, without a return.
  [[nodiscard]] int run();

 private:
  using Verb = std::function<void(ServiceBase&)>;
  using Rank = std::vector<ServiceWrapper*>;
  // One verb, called for all services of a rank.
  struct Calls {
    std::vector<Fiber> fibers;
    std::string error;  // Of the first that threw, if one did.
  };

  // worker.cpp
  void main();
  void read_signals();
  void handle(const ReceivedSignal& received);
  void watch_parent();
  void hear(Message message);
  void request_stop(const char* why);
  void enter(WorkerState state);
  [[nodiscard]] WorkerInfo info() const;

  // worker_upkeep.cpp
  void beat();
  void watch_limits();
  void ask_for_patience();

  // worker_reload.cpp
  void restart_all();
  void reload(const std::shared_ptr<const Snapshot>& wanted);
  void mutate(const std::shared_ptr<const Snapshot>& wanted);
  void take_up_mutation();
  void tell_reloaded();

  // worker_verbs.cpp
  [[nodiscard]] bool start_all();
  void stop_all();
  void run_post_fork();
  [[nodiscard]] bool reset_services();
  [[nodiscard]] bool start_services();
  void announce_ready();
  void end();

  [[nodiscard]] std::shared_ptr<Calls> call_all(const char* phase, const Rank& rank,
                                                const Verb& verb);
  // For reset and start. A stop interrupts them, worker_boot_timeout ends them. True if all went
  // well; if not, and nobody has asked for a stop, it is logged why.
  [[nodiscard]] bool start_verb(const char* phase, const Verb& verb);
  [[nodiscard]] bool start_verb(const char* phase, const Rank& rank, const Verb& verb);
  // For stop, which a graceful_shutdown_timeout ends together with the process.
  [[nodiscard]] bool stop_verb(const Rank& rank, const Verb& verb);
  void failed(const std::string& error);
  // An option as a limit: zero means for ever, and a parent comes first.
  [[nodiscard]] Duration limit_of(Duration option) const;
  [[noreturn]] void end_now(int status);
  void follow_configuration();

  Setup setup_;
  SignalPipe* signals_ = nullptr;
  StallWatch* stall_watch_ = nullptr;
  Event wake_;                        // One of the wishes below has come up.
  Event beat_;                        // The interval of beats has changed.
  Event limit_reached_;               // max_requests.
  std::vector<Fiber> interruptible_;  // Fibers in reset() or start(): a stop kills them.
  bool stopping_ = false;
  bool restart_wanted_ = false;
  std::optional<Message> mutation_;  // That the parent has sent, and that waits its turn.
  TimePoint started_ = SteadyClock::now();
  std::optional<Recycling> recycling_;
  std::string error_;  // Why it could not start.
  int status_ = 0;
};

}  // namespace thane::internal
