// Calls a function that says itself how long to sleep before the next call.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <thane/clock.hpp>
#include <thane/looping_call.hpp>

namespace thane {

/// Sleeps between two calls for as long as the function returned.
///
///     thane::DynamicLoopingCall poll{[&]() -> std::optional<thane::Duration> {
///       return queue.empty() ? 5s : 0s;
///     }};
///     poll.start({.periodic_interval_max = 60s});
///
/// Zero and less mean: again at once, after the other fibers had their turn.
class DynamicLoopingCall : public LoopingCall {
 public:
  /// The sleep until the next call; nothing means periodic_interval_max.
  using Function = std::function<std::optional<Duration>()>;

  struct Options {
    Duration initial_delay = Duration::zero();  ///< Before the first call.
    /// The longest sleep; zero: no limit, and a function that returns nothing ends the loop with
    /// the error "... should supply either an interval or periodic_interval_max".
    Duration periodic_interval_max = Duration::zero();
    bool stop_on_exception = true;
    /// The sleep after a call that threw, if the loop goes on.
    Duration pause_after_error = std::chrono::milliseconds{100};
  };

  /// `name` stands in log lines and in FiberLoop::dump().
  explicit DynamicLoopingCall(Function function, std::string name = "timer");

  /// Begins to call the function. Throws std::logic_error if it runs already. It may be started
  /// again after it has ended.
  void start(const Options& options);
  void start() { start(Options{}); }

 private:
  std::shared_ptr<const Function> function_;
};

}  // namespace thane
