#include "fixed_cadence.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <thane/log.hpp>

#include "loop_delays.hpp"

namespace thane::internal {

FixedCadence::FixedCadence(std::shared_ptr<const std::function<void()>> function, std::string name,
                           const Settings& settings)
    : function_(std::move(function)), name_(std::move(name)), settings_(settings) {
  if (settings.interval <= Duration::zero()) {
    throw std::invalid_argument(
        fmt::format("looping call '{}': the interval is {} s, but must be "
                    "more than 0",
                    name_, in_seconds(settings.interval)));
  }
}

Cadence::Kind FixedCadence::kind() const {
  return {.name = "Fixed interval looping call",
          .one_at_a_time = "A fixed interval looping call can only run one function at a time"};
}

void FixedCadence::call() {
  (*function_)();
}

TimePoint FixedCadence::next(const Call& call) {
  // From 10 ms on, which are the last digit of the line; and no flood of them.
  const Duration overrun = call.ended - call.began - settings_.interval;
  if (overrun >= std::chrono::milliseconds{10} && call.ended >= next_warning_) {
    log::warning("Function '{}' run outlasted interval by {:.2f} sec", name_, in_seconds(overrun));
    next_warning_ = call.ended + std::chrono::seconds{1};
  }
  return next_beat(call.due, call.ended, settings_.interval);
}

bool FixedCadence::goes_on_after_error() const {
  return !settings_.stop_on_exception;
}

TimePoint FixedCadence::next_after_error(const Call& call) {
  return std::max(next(call), deadline_after(call.ended, settings_.pause_after_error));
}

}  // namespace thane::internal
