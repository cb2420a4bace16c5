// Time as all of thane measures it: monotonic, in nanoseconds, and passed in where tests own it.
#pragma once

#include <chrono>

namespace thane {

/// CLOCK_MONOTONIC. Wall-clock time is for log lines and Date headers, never for a decision.
using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;
using Duration = SteadyClock::duration;

/// Later than everything: a deadline that never comes.
inline constexpr TimePoint never = TimePoint::max();

/// `now + after`, without overflow: a limit so long that it cannot be represented is `never`.
constexpr TimePoint deadline_after(TimePoint now, Duration after) {
  return after >= never - now ? never : now + after;
}

}  // namespace thane
