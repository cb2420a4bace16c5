// When each periodic task is due: the arithmetic of PeriodicTasks, without a clock or a task.
#pragma once

#include <optional>

#include <thane/clock.hpp>

namespace thane::internal {

/// The start of the slot that `now` lies in, where slots begin at last_run + k * spacing, plus up
/// to 5 % of the spacing in whole seconds, so that tasks of many processes do not run in step.
/// `random` is from [0, 1). Without a last run it is `now`.
[[nodiscard]] TimePoint nearest_boundary(std::optional<TimePoint> last_run, Duration spacing,
                                         TimePoint now, double random);

/// One task's place in time.
class PeriodicSlot {
 public:
  explicit PeriodicSlot(Duration spacing) : spacing_(spacing) {}

  [[nodiscard]] Duration spacing() const noexcept { return spacing_; }
  [[nodiscard]] std::optional<TimePoint> last_run() const noexcept { return last_run_; }

  /// As if it had run at `now`: the first run comes one spacing later. Without it: at once.
  void count_from(TimePoint now) noexcept { last_run_ = now; }

  [[nodiscard]] bool due(TimePoint now) const noexcept;
  void record_run(TimePoint now, double random);

  /// How long from `now` on there is nothing to do; at most one spacing.
  [[nodiscard]] Duration idle(TimePoint now) const noexcept;

 private:
  Duration spacing_;
  std::optional<TimePoint> last_run_;
};

}  // namespace thane::internal
