#include <thane/back_off_looping_call.hpp>

#include <fmt/core.h>

#include <random>
#include <utility>

#include "cadence.hpp"
#include "loop_delays.hpp"

namespace thane {

namespace {

constexpr double deviation = 0.1;

// Seeded at start(), hence after fork(): workers that share a seed would retry in step.
std::function<double(double, double)> seeded_gauss() {
  return [engine = std::mt19937_64{std::random_device{}()}](double mean, double spread) mutable {
    return std::normal_distribution<double>{mean, spread}(engine);
  };
}

class BackOffCadence final : public internal::Cadence {
 public:
  BackOffCadence(std::shared_ptr<const BackOffLoopingCall::Function> function,
                 const BackOffLoopingCall::Options& options)
      : function_(std::move(function)),
        gauss_(options.gauss ? options.gauss : seeded_gauss()),
        jitter_(options.jitter),
        back_off_({.starting_interval = options.starting_interval,
                   .timeout = options.timeout,
                   .max_interval = options.max_interval,
                   .min_interval = options.min_interval,
                   .jitter = options.jitter}) {}

  [[nodiscard]] Kind kind() const override {
    return {.name = "Dynamic backoff interval looping call",
            .one_at_a_time =
                "A dynamic backoff interval looping call can only run one function at a time"};
  }

  void call() override { succeeded_ = (*function_)(); }

  TimePoint next(const Call& call) override {
    const double random_jitter = gauss_(jitter_, deviation);
    if (succeeded_) {
      return deadline_after(call.ended, back_off_.after_success(random_jitter));
    }
    const auto sleep = back_off_.after_failure(random_jitter);
    if (sleep.timed_out) {
      throw LoopingCallTimeOut(fmt::format("Looping call timed out after {:.2f} seconds",
                                           internal::in_seconds(sleep.duration)));
    }
    return deadline_after(call.ended, sleep.duration);
  }

 private:
  std::shared_ptr<const BackOffLoopingCall::Function> function_;
  std::function<double(double, double)> gauss_;
  double jitter_;
  internal::BackOff back_off_;
  bool succeeded_ = false;
};

}  // namespace

BackOffLoopingCall::BackOffLoopingCall(Function function, std::string name)
    : LoopingCall(std::move(name)),
      function_(std::make_shared<const Function>(std::move(function))) {}

void BackOffLoopingCall::start(const Options& options) {
  run(std::make_unique<BackOffCadence>(function_, options), options.initial_delay);
}

}  // namespace thane
