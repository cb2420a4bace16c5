// The process's signals, the one thing of it that is global by nature: all of it is in this file.
#pragma once

#include <signal.h>

#include <vector>

#include <thane/clock.hpp>
#include <thane/unique_fd.hpp>

namespace thane::internal {

/// A signal that was read. `from_kernel` tells a terminal that was closed from a kill(1).
struct ReceivedSignal {
  int number = 0;
  bool from_kernel = false;
};

/// Holds back the signals that a launcher answers from its constructor on, so that none that comes
/// before wait() is lost; whoever loops reads them. The destructor gives the process its mask back.
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

/// Reads the signals of a process that runs services. A handler does nothing but write the signal
/// into a pipe; no signal is blocked, so that programs which the services execute start with a
/// clean mask. The same handler arms, at the first TERM, a timer that ends the process when its
/// limit is over even if no fiber ever gives way again (row SV-21).
class SignalPipe {
 public:
  /// Takes over from `blocked`: unblocks once the handlers stand. `hard_limit` zero: no timer.
  SignalPipe(const sigset_t& mask, Duration hard_limit);
  ~SignalPipe();
  SignalPipe(const SignalPipe&) = delete;
  SignalPipe& operator=(const SignalPipe&) = delete;

  /// Readable when signals have come.
  [[nodiscard]] int fd() const noexcept { return read_end_.get(); }
  /// Reads one; number 0 if there is none. Does not block.
  [[nodiscard]] ReceivedSignal read() const;

 private:
  UniqueFd read_end_;
  UniqueFd write_end_;
};

/// Starts the timer of SignalPipe without a signal: the parent has died, or a restart drains.
void arm_hard_limit() noexcept;
/// Stops it: the drain it stood for has ended and the process goes on.
void disarm_hard_limit() noexcept;

/// The signals that SignalHandler objects want; and a new one, heard from now on if a SignalPipe
/// exists.
[[nodiscard]] std::vector<int> application_signals();
void hear_application_signal(int number);

/// Runs what SignalHandler objects have registered for this signal, the newest first.
void run_application_handlers(int number);

}  // namespace thane::internal
