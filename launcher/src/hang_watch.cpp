#include "hang_watch.hpp"

#include <algorithm>

namespace thane::internal {

using namespace std::chrono_literals;

namespace {
// What a worker gets to give a sign of life after a pause of everything.
constexpr Duration second_look = 200ms;
}  // namespace

void HangWatch::begin(TimePoint now, Duration timeout) {
  heard_ = now;
  suspicion_.reset();
  next_look_ = timeout > Duration::zero() ? deadline_after(now, timeout) : never;
}

HangWatch::Verdict HangWatch::look(const Pulse& pulse, TimePoint now, Duration timeout) {
  heard_ = std::max(heard_, pulse.tick);
  if (timeout <= Duration::zero()) {
    next_look_ = never;
    return Verdict::alive;
  }
  if (now < deadline_after(heard_, timeout)) {
    suspicion_.reset();
    next_look_ = deadline_after(heard_, timeout);
    return Verdict::alive;
  }
  if (suspicion_) {
    const Duration time = now - suspicion_->since;
    const bool starved = pulse.runnable && (pulse.on_cpu - suspicion_->pulse.on_cpu) * 10 < time;
    if (!starved) {
      next_look_ = never;
      return Verdict::hung;
    }
  }
  suspicion_ = {pulse, now};
  next_look_ = now + second_look;
  return Verdict::alive;
}

}  // namespace thane::internal
