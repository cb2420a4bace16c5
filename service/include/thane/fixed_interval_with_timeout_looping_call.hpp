// Calls a function at a fixed beat, but for so long only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <thane/clock.hpp>
#include <thane/looping_call.hpp>

namespace thane {

/// A FixedIntervalLoopingCall that ends with LoopingCallTimeOut when it has not ended otherwise.
///
///     thane::FixedIntervalWithTimeoutLoopingCall poll{[&] {
///       if (server.ready()) throw thane::LoopingCallDone();
///     }};
///     poll.start(500ms, {.timeout = 30s});
///     poll.wait();                           // Throws LoopingCallTimeOut after 30 s.
class FixedIntervalWithTimeoutLoopingCall : public LoopingCall {
 public:
  struct Options {
    Duration initial_delay = Duration::zero();  ///< Before the first call.
    bool stop_on_exception = true;              ///< The timeout ends the loop in either case.
    /// Counted from start(), with the initial delay; zero: none. It cuts the sleep short, but not
    /// the function: one that is running when the time is over finishes first.
    Duration timeout = Duration::zero();
    /// The least sleep after a call that threw, if the loop goes on.
    Duration pause_after_error = std::chrono::milliseconds{100};
  };

  /// `name` stands in log lines and in FiberLoop::dump().
  explicit FixedIntervalWithTimeoutLoopingCall(std::function<void()> function,
                                               std::string name = "timer");

  /// As FixedIntervalLoopingCall::start().
  void start(Duration interval, const Options& options);
  void start(Duration interval) { start(interval, Options{}); }

 private:
  std::shared_ptr<const std::function<void()>> function_;
};

}  // namespace thane
