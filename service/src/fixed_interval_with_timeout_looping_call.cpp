#include <thane/fixed_interval_with_timeout_looping_call.hpp>

#include <fmt/core.h>

#include <utility>

#include <thane/fiber_loop.hpp>

#include "fixed_cadence.hpp"
#include "loop_delays.hpp"

namespace thane {

namespace {

class WithTimeout final : public internal::FixedCadence {
 public:
  WithTimeout(std::shared_ptr<const std::function<void()>> function, std::string name,
              const Settings& settings, Duration timeout)
      : FixedCadence(std::move(function), std::move(name), settings),
        started_(FiberLoop::current().now()),
        deadline_(timeout > Duration::zero() ? deadline_after(started_, timeout) : never) {}

  [[nodiscard]] Kind kind() const override {
    return {.name = "Fixed interval looping call with timeout",
            .one_at_a_time =
                "A fixed interval looping call with timeout checking can only run one function at "
                "a time"};
  }

  [[nodiscard]] TimePoint deadline() const override { return deadline_; }

  void give_up(TimePoint now) override {
    throw LoopingCallTimeOut(fmt::format("Looping call timed out after {:.2f} seconds",
                                         internal::in_seconds(now - started_)));
  }

 private:
  TimePoint started_;
  TimePoint deadline_;
};

}  // namespace

FixedIntervalWithTimeoutLoopingCall::FixedIntervalWithTimeoutLoopingCall(
    std::function<void()> function, std::string name)
    : LoopingCall(std::move(name)),
      function_(std::make_shared<const std::function<void()>>(std::move(function))) {}

void FixedIntervalWithTimeoutLoopingCall::start(Duration interval, const Options& options) {
  const internal::FixedCadence::Settings settings{.interval = interval,
                                                  .stop_on_exception = options.stop_on_exception,
                                                  .pause_after_error = options.pause_after_error};
  run(std::make_unique<WithTimeout>(function_, name(), settings, options.timeout),
      options.initial_delay);
}

}  // namespace thane
