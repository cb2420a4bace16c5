#include "restart_backoff.hpp"

#include <algorithm>
#include <cmath>

// Crashes that are rare cost nothing: as long as oslo.service would fork at once, so do we. What
// crashes more often is in trouble, and there is little use in trying it every second for ever, as
// oslo.service does: the delay doubles, up to half a minute. The one restart that oslo.service
// gives for free stands for the first step of 100 ms, so the first delay is the second step.
//
// It takes a worker that lives for a while after its delay to be trusted again; or else a quiet
// time, counted from when the last delay was over.

namespace thane::internal {

using namespace std::chrono_literals;

namespace {
constexpr Duration first_step = 100ms;
constexpr Duration longest = 30s;
constexpr Duration stable = 10s;
constexpr double jitter = 0.1;  // Either way: services that fail together need not come together.
}  // namespace

RestartBackoff::RestartBackoff(std::size_t workers, unsigned seed)
    : throttle_(workers), random_(seed) {}

void RestartBackoff::record_death(TimePoint now) {
  if (level_ > 0 && now >= last_death_ + stable + delay_) {
    level_ = 0;
  }
  last_death_ = now;
}

Duration RestartBackoff::hold_back(TimePoint now) {
  if (level_ == 0 && throttle_.delay(now) == Duration::zero()) {
    return Duration::zero();
  }
  ++level_;
  const double steps = std::ldexp(1.0, static_cast<int>(std::min(level_, 20U)));
  const auto delay =
      std::min(first_step * steps, std::chrono::duration<double, Duration::period>(longest));
  std::uniform_real_distribution<double> around{1 - jitter, 1 + jitter};
  delay_ = std::chrono::duration_cast<Duration>(delay * around(random_));
  return delay_;
}

void RestartBackoff::forget() noexcept {
  throttle_.forget();
  level_ = 0;
}

}  // namespace thane::internal
