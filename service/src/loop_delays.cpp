#include "loop_delays.hpp"

#include <algorithm>
#include <cmath>

// The formulas are those of oslo.service, so that a service that moves here keeps its rhythm. They
// differ where oslo's own go wrong:
//
//   fixed     oslo rounds the sleep to 10 ms, so that an interval of 4 ms never sleeps at all, and
//             counts from when the call really began, so that each late wake-up delays all later
//             beats. Here the next beat is counted from the beat before.
//   dynamic   a negative sleep, which is never over there, is over at once here.
//   back-off  a success never sleeps less than min_interval: a jitter near zero is no busy loop.

namespace thane::internal {

Duration from_seconds(double seconds) {
  constexpr double most = 9.2e9;  // What fits into 64 bits of nanoseconds, with a little to spare.
  if (seconds >= most) {
    return Duration::max();
  }
  return std::chrono::round<Duration>(std::chrono::duration<double>(std::max(seconds, -most)));
}

TimePoint next_beat(TimePoint beat, TimePoint ended, Duration interval) {
  return std::max(deadline_after(beat, interval), ended);  // Missed beats are not made up for.
}

std::optional<Duration> dynamic_sleep(std::optional<Duration> wanted, Duration longest) {
  if (!wanted) {
    return longest > Duration::zero() ? std::optional(longest) : std::nullopt;
  }
  const Duration sleep = std::max(*wanted, Duration::zero());
  return longest > Duration::zero() ? std::min(sleep, longest) : sleep;
}

Duration retry_sleep(int retry, Duration step, Duration longest) {
  if (step <= Duration::zero()) {
    return Duration::zero();
  }
  return retry > longest / step ? longest : step * retry;  // Divided: the product may overflow.
}

BackOff::BackOff(const Limits& limits)
    : limits_(limits), interval_(in_seconds(limits.starting_interval)) {}

Duration BackOff::after_success(double random_jitter) {
  interval_ = in_seconds(limits_.starting_interval);
  failing_for_ = 0;
  return std::max(from_seconds(interval_ * std::abs(random_jitter)), limits_.min_interval);
}

BackOff::Sleep BackOff::after_failure(double random_jitter) {
  const double shortest = in_seconds(limits_.min_interval);
  const double longest = in_seconds(limits_.max_interval);
  const double timeout = in_seconds(limits_.timeout);

  const double wanted = interval_ * 2 * std::abs(random_jitter);
  const double sleep = std::min(std::max(wanted, shortest), longest);
  // Bounded, so that after years of failures infinity times zero is not what remains.
  interval_ = std::min(std::max(interval_ * 2 * limits_.jitter, shortest), 1e15);

  if (timeout > 0 && failing_for_ + sleep > timeout) {
    return {from_seconds(failing_for_ + sleep), true};
  }
  failing_for_ += sleep;
  return {from_seconds(sleep), false};
}

}  // namespace thane::internal
