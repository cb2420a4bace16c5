#include "stall_meter.hpp"

#include <algorithm>
#include <utility>

namespace thane::internal {

bool ReportLimit::allow(Nanoseconds now) noexcept {
  if (last_ && now - *last_ < interval) {
    return false;
  }
  last_ = now;
  return true;
}

unsigned ReportLimit::take_missed() noexcept {
  return std::exchange(missed_, 0);
}

StallMeter::Verdict StallMeter::look(const Look& look) noexcept {
  const Nanoseconds ran_before = look.cpu - since_;
  last_ = look.cpu;
  if (!watching_ || !look.in_fiber || look.switches != switches_) {
    const bool was_reported = std::exchange(reported_, false);
    if (watching_ && !was_reported && ran_before >= limit_) {
      reports_.count_missed();
    }
    watching_ = look.in_fiber;
    switches_ = look.switches;
    since_ = std::min(look.began.value_or(look.cpu), look.cpu);
    if (was_reported) {
      return {Event::over, ran_before};
    }
  }
  if (watching_ && !reported_ && ran() >= limit_ && reports_.allow(look.now)) {
    reported_ = true;
    return {Event::begun, ran(), reports_.take_missed()};
  }
  return {};
}

Nanoseconds waited(Nanoseconds passed, const ThreadUsage& before,
                   const ThreadUsage& after) noexcept {
  if (after.waits == before.waits) {
    return {};  // What stood still was the machine.
  }
  const Nanoseconds otherwise = after.cpu - before.cpu + after.starved - before.starved;
  return std::max(passed - otherwise, Nanoseconds{});
}

}  // namespace thane::internal
