// How long the looping calls sleep between two calls: the formulas, without a clock or a fiber.
#pragma once

#include <optional>

#include <thane/clock.hpp>

namespace thane::internal {

/// Seconds as a number, as the texts of the log lines and errors have them.
[[nodiscard]] constexpr double in_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// `seconds` as a Duration; what is too long for one is the longest there is.
[[nodiscard]] Duration from_seconds(double seconds);

/// When a call that was due at `beat` and ended at `ended` is due again, `interval` from start to
/// start; at once if that is over.
[[nodiscard]] TimePoint next_beat(TimePoint beat, TimePoint ended, Duration interval);

/// The sleep a dynamic loop takes after its function asked for `wanted`, or nothing if it asked for
/// none and there is no `longest` (zero) to take instead.
[[nodiscard]] std::optional<Duration> dynamic_sleep(std::optional<Duration> wanted,
                                                    Duration longest);

/// What RetryDecorator sleeps before retry number `retry` (from 1 up).
[[nodiscard]] Duration retry_sleep(int retry, Duration step, Duration longest);

/// The growing sleeps of BackOffLoopingCall. A value that is told of each outcome.
class BackOff {
 public:
  struct Limits {
    Duration starting_interval;
    Duration timeout;  ///< Zero: none.
    Duration max_interval;
    Duration min_interval;
    double jitter;
  };

  explicit BackOff(const Limits& limits);

  struct Sleep {
    Duration duration;
    bool timed_out;  ///< True: do not sleep; `duration` is what the failures would have taken.
  };

  /// The sleep after a success, which also forgets the failures before it.
  /// `random_jitter` is drawn anew for each call; its sign does not count.
  [[nodiscard]] Duration after_success(double random_jitter);
  [[nodiscard]] Sleep after_failure(double random_jitter);

 private:
  Limits limits_;
  double interval_;         // Seconds. A double, because it doubles without bound.
  double failing_for_ = 0;  // Seconds slept since the last success.
};

}  // namespace thane::internal
