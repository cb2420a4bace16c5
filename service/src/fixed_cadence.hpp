// The fixed beat, with and without a timeout: the two looping calls differ in little else.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <thane/clock.hpp>

#include "cadence.hpp"

namespace thane::internal {

class FixedCadence : public Cadence {
 public:
  struct Settings {
    Duration interval;
    bool stop_on_exception;
    Duration pause_after_error;
  };

  /// Throws std::invalid_argument if the interval is not positive.
  FixedCadence(std::shared_ptr<const std::function<void()>> function, std::string name,
               const Settings& settings);

  [[nodiscard]] Kind kind() const override;
  void call() override;
  TimePoint next(const Call& call) override;
  [[nodiscard]] bool goes_on_after_error() const override;
  TimePoint next_after_error(const Call& call) override;

 private:
  std::shared_ptr<const std::function<void()>> function_;
  std::string name_;
  Settings settings_;
  TimePoint next_warning_{};
};

}  // namespace thane::internal
