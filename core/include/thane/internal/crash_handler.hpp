// What a process that runs services says before it dies of a crash, or of having hung.
#pragma once

#include <memory>

namespace thane::internal {

/// While one exists, a crash of this process (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, of any
/// thread) is logged, with the fiber or thread it happened in and its stack:
///
///     crashed: signal 11 (SIGSEGV) at address 0x10 fiber=poll id=7
///         at shop::Stock::get + 0x1c (shop+0x8f1c)
///
/// An abort() for an exception that nobody caught says which. A SIGABRT that another process has
/// sent, as a parent does to a worker that hangs, logs all fibers of this thread's FiberLoop, the
/// running one first. Then the process ends as it would have without: same signal, same core. A
/// crash while this is written ends it at once.
///
/// Signals that the application or a sanitizer handles already are left to them. The lines are
/// written without memory or locks, from a stack of their own.
///
/// To be made on the thread that runs the services, once its signal mask is set; one at a time.
class CrashHandler {
 public:
  CrashHandler();  ///< Throws std::system_error.
  ~CrashHandler();
  CrashHandler(const CrashHandler&) = delete;
  CrashHandler& operator=(const CrashHandler&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace thane::internal
