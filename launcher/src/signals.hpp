// The process's signals, which are global by nature. All that is global about them is in
// signals.cpp; the application's handlers are in signal_handler.cpp.
#pragma once

#include <signal.h>

#include <string_view>
#include <vector>

#include <thane/clock.hpp>
#include <thane/unique_fd.hpp>

namespace thane::internal {

/// A signal that was read. `from_kernel` tells a terminal that was closed from a kill(1).
struct ReceivedSignal {
  int number;
  bool from_kernel;
};

/// Holds back the signals that a launcher answers from its constructor on, so that none that comes
/// before wait() is lost; whoever loops reads them. The destructor gives the process its mask back;
/// what came after the last was read is gone by then: it meant the launcher.
///
/// Sets SIGCHLD to its default if this program was started with it ignored, as some starters do:
/// the kernel would throw away how a worker ended.
class BlockedSignals {
 public:
  BlockedSignals();
  ~BlockedSignals();
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

  [[nodiscard]] const sigset_t& set() const noexcept { return set_; }
  /// The mask as it was before.
  [[nodiscard]] const sigset_t& before() const noexcept { return before_; }

 private:
  sigset_t set_;
  sigset_t before_;
};

/// Reads the signals of a process that runs services. A handler does nothing but note the signal
/// and wake the reader. No signal that a launcher answers is blocked, even if the program was
/// started so, and programs that the services execute hear all of them, too.
///
/// The same handler arms a timer that ends the process when a stop has taken too long, even if no
/// fiber ever gives way again (row SV-21).
class SignalPipe {
 public:
  /// Takes over from BlockedSignals: unblocks once the handlers stand, and with the launcher's
  /// signals also what was blocked when the program was started. `mask`: what else is to be
  /// blocked. `label`: of this worker, for the line that the timer writes.
  SignalPipe(const sigset_t& mask, std::string_view label);
  /// Gives every signal the disposition back that it had before.
  ~SignalPipe();
  SignalPipe(const SignalPipe&) = delete;
  SignalPipe& operator=(const SignalPipe&) = delete;

  /// Readable when signals have come.
  [[nodiscard]] int fd() const noexcept { return read_end_.get(); }
  /// Those that have come since the last call, each once, TERM first. Does not block.
  [[nodiscard]] std::vector<ReceivedSignal> read() const;

 private:
  UniqueFd read_end_;
  UniqueFd write_end_;
};

/// From when on the timer of SignalPipe ends the process: `graceful` after a SIGTERM, zero: never;
/// `fast` after SIGINT or SIGQUIT. Does not touch a timer that runs already.
void set_hard_limits(Duration graceful, Duration fast) noexcept;
/// Starts the timer without a signal: the parent has died, or a restart drains.
void arm_hard_limit() noexcept;
/// Stops it: the drain it stood for has ended and the process goes on.
void disarm_hard_limit() noexcept;

/// The signals that SignalHandler objects want. If a SignalPipe exists they are heard at once, and
/// no longer when the last object that wants one has gone.
[[nodiscard]] std::vector<int> application_signals();
void hear_application_signal(int number);
void leave_application_signal(int number) noexcept;

/// Runs what SignalHandler objects have registered for this signal, the newest first.
void run_application_handlers(int number);

}  // namespace thane::internal
