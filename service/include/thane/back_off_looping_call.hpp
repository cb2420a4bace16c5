// Calls a function until it is done, ever more rarely while it fails.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <thane/clock.hpp>
#include <thane/looping_call.hpp>

namespace thane {

/// Doubles the sleep (times jitter) with every failure in a row, and gives up after a timeout.
///
///     thane::BackOffLoopingCall connect{[&] {
///       if (try_connect()) throw thane::LoopingCallDone();
///       return false;                       // Failed: back off. True: go on at starting_interval.
///     }};
///     connect.start({.timeout = 60s});
///     connect.wait();                       // Throws LoopingCallTimeOut when it gave up.
///
/// An exception is no failure but the end of the loop.
class BackOffLoopingCall : public LoopingCall {
 public:
  /// True: it worked, sleep starting_interval times the drawn jitter and forget past failures.
  /// False: sleep longer than the last time.
  using Function = std::function<bool()>;

  struct Options {
    Duration initial_delay = Duration::zero();  ///< Before the first call.
    Duration starting_interval = std::chrono::seconds{1};
    /// How much may be slept for failures in a row; zero: no limit. The sleep that would go past it
    /// is not begun: the loop ends with LoopingCallTimeOut instead.
    Duration timeout = std::chrono::seconds{300};
    Duration max_interval = std::chrono::seconds{300};
    /// By how much intervals grow: times 2 * jitter. Below 0.5 they shrink. Each sleep is drawn
    /// from a normal distribution around it with standard deviation 0.1.
    double jitter = 0.75;
    Duration min_interval = std::chrono::milliseconds{1};
    /// Draws the jitter of one sleep; none: from a generator seeded when the loop starts.
    std::function<double(double mean, double deviation)> gauss{};
  };

  /// `name` stands in log lines and in FiberLoop::dump().
  explicit BackOffLoopingCall(Function function, std::string name = "back-off");

  /// Begins to call the function. Throws std::logic_error if it runs already. It may be started
  /// again after it has ended, and starts from starting_interval then.
  void start(const Options& options);
  void start() { start(Options{}); }

 private:
  std::shared_ptr<const Function> function_;
};

}  // namespace thane
