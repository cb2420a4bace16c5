#include "periodic_schedule.hpp"

#include <algorithm>
#include <cmath>

// The boundary is oslo.service's (_nearest_boundary): slots lie on a grid, so that a task that runs
// late does not push its later runs back, and a slot that was missed is skipped. The idle time is
// not: oslo computes it before the tasks run, so that what they take is slept on top.

namespace thane::internal {

TimePoint nearest_boundary(std::optional<TimePoint> last_run, Duration spacing, TimePoint now,
                           double random) {
  if (!last_run) {
    return now;
  }
  Duration offset = (now - *last_run) % spacing;
  if (offset < Duration::zero()) {
    offset += spacing;  // The jitter put last_run into the future.
  }
  const double seconds = std::chrono::duration<double>(spacing).count();
  const std::chrono::seconds jitter{std::llround(std::floor(seconds * random / 20))};
  return now - offset + jitter;
}

bool PeriodicSlot::due(TimePoint now) const noexcept {
  return !last_run_ || now >= deadline_after(*last_run_, spacing_);
}

void PeriodicSlot::record_run(TimePoint now, double random) {
  last_run_ = nearest_boundary(last_run_, spacing_, now, random);
}

Duration PeriodicSlot::idle(TimePoint now) const noexcept {
  if (due(now)) {
    return Duration::zero();
  }
  return std::min(deadline_after(*last_run_, spacing_) - now, spacing_);
}

}  // namespace thane::internal
