// How many restarts in a time are too many: the intensity and period of Erlang/OTP's supervisor(3).
#pragma once

#include <chrono>
#include <deque>

#include <thane/clock.hpp>

namespace thane::internal {

/// A value with no clock: the caller brings the time.
class RestartIntensity {
 public:
  /// `max_restarts` 0: never too many.
  RestartIntensity(int max_restarts, Duration period)
      : max_restarts_(max_restarts), period_(period) {}

  /// Counts a restart that is about to happen; false if it is one too many.
  [[nodiscard]] bool allow(TimePoint now) {
    if (max_restarts_ == 0) {
      return true;
    }
    while (!restarts_.empty() && now - restarts_.front() >= period_) {
      restarts_.pop_front();
    }
    restarts_.push_back(now);
    return restarts_.size() <= static_cast<std::size_t>(max_restarts_);
  }
  void forget() noexcept { restarts_.clear(); }

 private:
  int max_restarts_;
  Duration period_;
  std::deque<TimePoint> restarts_;  // Within the period; never more than max_restarts_ + 1.
};

}  // namespace thane::internal
