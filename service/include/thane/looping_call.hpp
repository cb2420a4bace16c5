// What the four looping calls have in common: how they end, and how that is waited for.
#pragma once

#include <any>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <thane/clock.hpp>
#include <thane/fiber.hpp>

namespace thane {

namespace internal {
class Cadence;
}

/// Thrown by the function of a looping call to end the loop; wait() then returns the value.
///
/// The value is of any type, taken out with std::any_cast: whoever waits has written the function
/// as well and knows the type, and nothing has to become JSON to travel from one to the other. Not
/// a std::exception, so that code which logs and swallows errors does not swallow it.
class LoopingCallDone {
 public:
  explicit LoopingCallDone(std::any value = true) : value_(std::move(value)) {}
  [[nodiscard]] const std::any& value() const noexcept { return value_; }

 private:
  std::any value_;
};

/// A looping call gave up: "Looping call timed out after 300.00 seconds".
class LoopingCallTimeOut : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A function called again and again by a fiber of its own, until it is stopped, throws or is done.
///
///     thane::FixedIntervalLoopingCall poll{[&] {
///       if (const auto answer = ask()) throw thane::LoopingCallDone(*answer);
///     }};
///     poll.start(500ms);
///     const auto answer = std::any_cast<std::string>(poll.wait());
///
/// This is the base of FixedIntervalLoopingCall, FixedIntervalWithTimeoutLoopingCall,
/// DynamicLoopingCall and BackOffLoopingCall; each adds its own start(). All may be constructed
/// before fork(), and started after it only. Time is that of the FiberLoop.
///
/// An exception out of the function is logged and ends the loop, unless start() was given
/// `.stop_on_exception = false`: then the loop goes on after `pause_after_error` or its usual
/// sleep, whichever is longer.
class LoopingCall {
 public:
  /// Stops the loop. From a fiber it also waits for a running function, so that the function does
  /// not outlive what it uses; outside of fibers it kills the function instead.
  ~LoopingCall();
  LoopingCall(const LoopingCall&) = delete;
  LoopingCall& operator=(const LoopingCall&) = delete;

  /// Ends the loop: a sleep is cut short at once, a running function finishes first. Safe to call
  /// twice and from the function itself. Before the first start() it is remembered: that start()
  /// runs nothing, unless a wait() came in between.
  void stop() noexcept;

  /// Blocks the calling fiber until the loop has ended. Returns the value of LoopingCallDone, true
  /// after stop(), or nothing if the loop never ran or its fiber was killed; rethrows the exception
  /// that ended the loop. May be called by many fibers, and again. Throws std::logic_error when the
  /// function itself calls it, which could never end.
  std::any wait();

  /// True from start() until the loop has ended.
  [[nodiscard]] bool running() const noexcept;

  /// Calls `callback` on the loop when the call has ended, or at once if it does not run.
  /// The callback must not suspend and must not throw.
  void link(std::function<void()> callback) const;

  /// The fiber of the current or last run; an empty handle before the first.
  [[nodiscard]] Fiber fiber() const noexcept;

 protected:
  explicit LoopingCall(std::string name);
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Throws std::logic_error if a run is still going on.
  void run(std::unique_ptr<internal::Cadence> cadence, Duration initial_delay);

 private:
  struct Run;
  std::string name_;
  std::shared_ptr<Run> run_;
  bool stopped_before_start_ = false;
};

}  // namespace thane
