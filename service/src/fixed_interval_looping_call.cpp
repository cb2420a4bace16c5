#include <thane/fixed_interval_looping_call.hpp>

#include <utility>

#include "fixed_cadence.hpp"

namespace thane {

FixedIntervalLoopingCall::FixedIntervalLoopingCall(std::function<void()> function, std::string name)
    : LoopingCall(std::move(name)),
      function_(std::make_shared<const std::function<void()>>(std::move(function))) {}

void FixedIntervalLoopingCall::start(Duration interval, const Options& options) {
  const internal::FixedCadence::Settings settings{.interval = interval,
                                                  .stop_on_exception = options.stop_on_exception,
                                                  .pause_after_error = options.pause_after_error};
  run(std::make_unique<internal::FixedCadence>(function_, name(), settings), options.initial_delay);
}

}  // namespace thane
