// The parent's loop: it hears signals, workers and time, and does what Supervisor decides.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <thane/config.hpp>
#include <thane/hooks.hpp>
#include <thane/service_wrapper.hpp>

#include "channel.hpp"
#include "notify.hpp"
#include "process_state.hpp"
#include "signals.hpp"
#include "slot_table.hpp"
#include "stdio_capture.hpp"
#include "supervisor.hpp"
#include "worker_handle.hpp"

namespace thane::internal {

/// One thread, one epoll over a signalfd, a timerfd and two descriptors per worker. No fibers and
/// no user code but the hooks run here, so that it stays small (a fork costs what the parent has
/// touched) and nothing that a service does can stop it.
class Parent {
 public:
  /// References outlive the parent.
  struct Setup {
    Config config;
    Restart restart;
    std::vector<ServiceWrapper>& services;
    std::vector<std::vector<std::size_t>> after;  // For each service those that it starts after.
    const Hooks& hooks;
    const BlockedSignals& signals;
    const Notifier& notifier;
  };
  explicit Parent(Setup setup);
  ~Parent();

  /// Returns the exit status when all workers are gone. In a forked worker it does not return.
  [[nodiscard]] int run();

 private:
  // parent.cpp: what happens.
  void open();
  void watch(int fd, std::uint64_t token);
  void hear(std::uint64_t token);
  void hear_signals();
  bool hear_words(WorkerKey key, WorkerHandle& handle);
  void hear_word(WorkerKey key, WorkerHandle& handle, const Message& message);
  void hear_worker_end(WorkerKey key);
  void reap_strangers();
  void arm_timer();

  // parent_acts.cpp: one for each kind of Action.
  void act();
  void act(const ForkWorker& action);
  void act(const SendSignal& action);
  void act(const TellRestart& action);
  void act(const TellMutate& action);
  void act(const TakePulse& action);
  void act(const LogLine& action);
  void act(const Notify& action);
  void act(const ShowStatus& action);
  void act(const LoadConfig& action);
  void act(const CommitConfig& action);
  void act(const RollBackConfig& action);
  void act(const MutateConfig& action);
  void act(const WorkerIsReady& action);
  void act(const WorkerHasEnded& action);
  void act(const StopBegins& action);
  void act(const Finish& action);

  [[noreturn]] void become_worker(const ForkWorker& action, Fork fork, std::size_t slot,
                                  std::optional<StdioPipes> stdio);
  void capture(const ForkWorker& action, pid_t pid, std::optional<StdioPipes> stdio);
  [[nodiscard]] bool is_canary(const ForkWorker& action) const;
  [[nodiscard]] log::ProcessContext context_of(const ForkWorker& action) const;
  void follow_configuration();
  /// Throws what refuses them.
  [[nodiscard]] std::vector<int> wanted_workers(const Snapshot& values) const;
  void prepare_services();
  [[nodiscard]] WorkerHandle* find(WorkerKey key);

  Setup setup_;
  Config config_;
  std::vector<ServiceWrapper>& services_;
  Supervisor supervisor_;
  SlotTable slots_;
  OomWatch oom_;
  std::shared_ptr<const Snapshot> loaded_;  // By the reload that is going on.
  unsigned loaded_generation_ = 1;
  std::shared_ptr<const Snapshot> before_;  // What the last reload has replaced.
  UniqueFd mutation_;                       // What every worker is to take up.
  std::map<WorkerKey, WorkerHandle> workers_;
  std::optional<StdioCapture> stdio_;  // From when it is first asked for.

  UniqueFd epoll_;
  UniqueFd signal_fd_;
  UniqueFd timer_fd_;
  TimePoint armed_for_ = never;
  bool reaps_strangers_ = false;
  std::optional<int> finished_;
};

}  // namespace thane::internal
