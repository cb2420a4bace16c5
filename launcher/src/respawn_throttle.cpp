#include "respawn_throttle.hpp"

#include <thane/assert.hpp>

// oslo.service's rule (rows SV-38), without its sleep. With W workers of a service:
//
//   forks 1 .. W     the first set: at once.
//   fork  W + 1      one respawn for free.
//   every later one  waits one second if the fork W + 1 places before it is younger than W seconds.
//
// What is faster than that, RestartBackoff slows down further.
//
// oslo.service sleeps that second in the parent, deaf, and then forks even if it was told to stop.
// Here the throttle only answers "how long"; the parent waits in its event loop, where it can hear.

namespace thane::internal {

namespace {
constexpr std::chrono::seconds hold_back{1};
}  // namespace

RespawnThrottle::RespawnThrottle(std::size_t workers) : workers_(workers) {
  THANE_ASSERT(workers > 0);
}

void RespawnThrottle::set_workers(std::size_t workers) {
  THANE_ASSERT(workers > 0);
  workers_ = workers;
  while (forks_.size() > workers_ + 1) {
    forks_.pop_front();
  }
}

Duration RespawnThrottle::delay(TimePoint now) const {
  if (forks_.size() <= workers_) {
    return Duration::zero();
  }
  const Duration age_of_oldest = now - forks_.front();
  THANE_ASSERT(age_of_oldest >= Duration::zero());  // Holds because the clock is monotonic.

  const std::chrono::seconds window{workers_};
  return age_of_oldest < window ? Duration{hold_back} : Duration::zero();
}

void RespawnThrottle::record_fork(TimePoint now) {
  forks_.push_back(now);
  if (forks_.size() > workers_ + 1) {
    forks_.pop_front();
  }
}

}  // namespace thane::internal
