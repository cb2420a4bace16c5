// Calls a function every so often, counted from start to start.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <thane/clock.hpp>
#include <thane/looping_call.hpp>

namespace thane {

/// Calls its function at a fixed beat.
///
///     thane::FixedIntervalLoopingCall tick{[] { thane::log::info("tick"); }, "tick"};
///     tick.start(1s, {.initial_delay = 5s});
///     tick.stop();
///     tick.wait();
///
/// The beat does not drift. A function that takes longer than the interval is called again at once;
/// the beats it missed are skipped, and a warning says so (at most one a second).
class FixedIntervalLoopingCall : public LoopingCall {
 public:
  struct Options {
    Duration initial_delay = Duration::zero();  ///< Before the first call.
    bool stop_on_exception = true;
    /// The least sleep after a call that threw, if the loop goes on.
    Duration pause_after_error = std::chrono::milliseconds{100};
  };

  /// `name` stands in log lines and in FiberLoop::dump().
  explicit FixedIntervalLoopingCall(std::function<void()> function, std::string name = "timer");

  /// Begins to call the function. Throws std::invalid_argument if `interval` is not positive,
  /// std::logic_error if it runs already. It may be started again after it has ended.
  void start(Duration interval, const Options& options);
  void start(Duration interval) { start(interval, Options{}); }

 private:
  std::shared_ptr<const std::function<void()>> function_;
};

}  // namespace thane
