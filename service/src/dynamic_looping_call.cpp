#include <thane/dynamic_looping_call.hpp>

#include <stdexcept>
#include <utility>

#include "cadence.hpp"
#include "loop_delays.hpp"

namespace thane {

namespace {

class DynamicCadence final : public internal::Cadence {
 public:
  DynamicCadence(std::shared_ptr<const DynamicLoopingCall::Function> function,
                 const DynamicLoopingCall::Options& options)
      : function_(std::move(function)), options_(options) {}

  [[nodiscard]] Kind kind() const override {
    return {.name = "Dynamic interval looping call",
            .one_at_a_time = "A dynamic interval looping call can only run one function at a time"};
  }

  void call() override { wanted_ = (*function_)(); }

  TimePoint next(const Call& call) override {
    const auto sleep = internal::dynamic_sleep(wanted_, options_.periodic_interval_max);
    if (!sleep) {
      throw std::runtime_error(
          "A dynamic interval looping call should supply either an interval or "
          "periodic_interval_max");
    }
    return deadline_after(call.ended, *sleep);
  }

  [[nodiscard]] bool goes_on_after_error() const override { return !options_.stop_on_exception; }

  TimePoint next_after_error(const Call& call) override {
    return deadline_after(call.ended, options_.pause_after_error);
  }

 private:
  std::shared_ptr<const DynamicLoopingCall::Function> function_;
  DynamicLoopingCall::Options options_;
  std::optional<Duration> wanted_;
};

}  // namespace

DynamicLoopingCall::DynamicLoopingCall(Function function, std::string name)
    : LoopingCall(std::move(name)),
      function_(std::make_shared<const Function>(std::move(function))) {}

void DynamicLoopingCall::start(const Options& options) {
  run(std::make_unique<DynamicCadence>(function_, options), options.initial_delay);
}

}  // namespace thane
