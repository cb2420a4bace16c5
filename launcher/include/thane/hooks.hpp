// Functions of the application that a launcher calls at turns of its life.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>

namespace thane {

/// One worker process. In the one process of ServiceLauncher it is that process.
struct WorkerInfo {
  std::string service;  ///< Empty where one process runs several services.
  int index = 0;        ///< 0..n-1; its replacement inherits it.
  unsigned generation = 1;
  pid_t pid = 0;
};

/// How a worker ended.
struct WorkerExit {
  int status = 0;  ///< Exit status, if signal is 0.
  int signal = 0;  ///< The signal it died of.
  bool core = false;
  bool planned = false;  ///< It was told to end.
  std::chrono::nanoseconds user_time{};
  std::chrono::nanoseconds system_time{};
  std::string reason = {};  ///< Where it is known; empty else.
};

/// All may be empty. Those of the parent run on its one thread, between signals and workers' ends:
/// keep them short, do not block, start no threads and no fibers. They see the services as they
/// were constructed, never started.
///
///     launcher.set_hooks({.worker_exited = [](const thane::WorkerInfo& worker,
///                                             const thane::WorkerExit& how) { page(worker, how);
///                                             }});
///
/// Under ServiceLauncher all of them run in the one process, on_starting before its event loop and
/// the others on fibers; worker_exited is not called there.
struct Hooks {
  /// Parent; before the first fork, in the process and as the user that it will run as. An
  /// exception ends the launch: it leaves wait().
  std::function<void()> on_starting = {};
  /// Worker; first thing in it, before reset() and start(). An exception ends the worker as one
  /// from start() does.
  std::function<void(const WorkerInfo&)> post_fork = {};
  /// Parent; start() has returned in it. An exception is logged, as are those of what follows.
  std::function<void(const WorkerInfo&)> worker_ready = {};
  /// Parent; it has ended and is reaped.
  std::function<void(const WorkerInfo&, const WorkerExit&)> worker_exited = {};
  /// Parent; the new configuration was read and is valid, nothing has been done yet. An exception
  /// refuses it: `reload failed`, with its text as reason.
  std::function<void(unsigned generation)> on_reload = {};
  /// Parent; a stop has begun, no worker has been told yet.
  std::function<void()> on_stopping = {};
  /// Parent; every worker has ended. `status` is what wait() returns.
  std::function<void(int status)> on_stopped = {};
};

}  // namespace thane
