// The Timeout scopes of a fiber, innermost first.
#pragma once

#include "fiber_context.hpp"
#include "timer_heap.hpp"

namespace thane::internal {

/// One scope: a timer that interrupts its fiber.
class TimeoutScope : public Timer {
 public:
  explicit TimeoutScope(Duration limit);
  ~TimeoutScope();

  /// Its time is over and the exception has not been thrown yet.
  [[nodiscard]] bool pending() const noexcept { return expired_ && !thrown_; }
  [[nodiscard]] bool expired() const noexcept { return expired_; }
  [[nodiscard]] TimeoutScope* outer() const noexcept { return outer_; }
  [[noreturn]] void raise();

 private:
  FiberContext& fiber_;
  TimeoutScope* outer_;
  Duration limit_;
  bool expired_ = false;
  bool thrown_ = false;
};

}  // namespace thane::internal
