// The parent's loop: it hears signals, workers and time, and does what Supervisor decides.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include <thane/config.hpp>
#include <thane/service_wrapper.hpp>

#include "notify.hpp"
#include "signals.hpp"
#include "supervisor.hpp"
#include "worker_handle.hpp"

namespace thane::internal {

/// One thread, one epoll over a signalfd, a timerfd and two descriptors per worker. No fibers and
/// no user code run here, so that it stays small (a fork costs what the parent has touched) and
/// nothing that a service does can stop it.
class Parent {
 public:
  Parent(const Config& config, Restart restart, std::vector<ServiceWrapper>& services,
         const BlockedSignals& signals, const Notifier& notifier);
  ~Parent();

  /// Returns the exit status when all workers are gone. In a forked worker it does not return.
  [[nodiscard]] int run();

 private:
  void open();
  void watch(int fd, std::uint64_t token);
  void hear(std::uint64_t token);
  void hear_signals();
  bool hear_words(WorkerKey key, const WorkerHandle& handle);
  void hear_worker_end(WorkerKey key);
  void reap_strangers();
  void arm_timer();

  // One for each kind of Action.
  void act();
  void act(const ForkWorker& action);
  void act(const SendSignal& action);
  void act(const TellRestart& action);
  void act(const LogLine& action);
  void act(const Notify& action);
  void act(const LoadConfig& action);
  void act(const CommitConfig& action);
  void act(const MutateConfig& action);
  void act(const Finish& action);

  [[noreturn]] void become_worker(const ForkWorker& action, Fork fork);

  Config config_;
  Restart restart_;
  std::vector<ServiceWrapper>& services_;
  const BlockedSignals& signals_;
  const Notifier& notifier_;
  Supervisor supervisor_;
  std::shared_ptr<const Snapshot> loaded_;  // By the reload that is going on.
  unsigned loaded_generation_ = 1;
  std::map<WorkerKey, WorkerHandle> workers_;

  UniqueFd epoll_;
  UniqueFd signal_fd_;
  UniqueFd timer_fd_;
  TimePoint armed_for_ = never;
  bool reaps_strangers_ = false;
  std::optional<int> finished_;
};

}  // namespace thane::internal
