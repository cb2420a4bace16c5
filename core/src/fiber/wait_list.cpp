#include <thane/internal/wait_list.hpp>

#include <thane/assert.hpp>

#include "fiber_context.hpp"
#include "loop_impl.hpp"
#include "timer_heap.hpp"

namespace thane::internal {

struct WaitList::Waiter : Wait, Timer {
  Waiter(WaitList& waiters, FiberContext& waiting, const char* what_for, TimePoint until) noexcept
      : Wait{what_for, &Waiter::interrupted, until},
        Timer(&Waiter::timed_out),
        list(waiters),
        fiber(waiting) {}

  static void interrupted(Wait& wait) noexcept {
    auto& self = static_cast<Waiter&>(wait);
    self.was_interrupted = true;
    self.end(Wake::timed_out);
  }
  static void timed_out(Timer& timer) noexcept { static_cast<Waiter&>(timer).end(Wake::timed_out); }

  void end(Wake how) noexcept {
    list.remove(*this);
    fiber.loop.timers().remove(*this);
    result = how;
    fiber.loop.make_ready(fiber);
  }

  WaitList& list;
  FiberContext& fiber;
  Waiter* next = nullptr;
  Waiter* previous = nullptr;
  Wake result = Wake::signalled;
  bool was_interrupted = false;
};

WaitList::~WaitList() {
  THANE_ASSERT(empty());
}

Wake WaitList::wait(const char* what, TimePoint deadline) {
  FiberContext& fiber = FiberContext::self();
  fiber.check_interrupt();

  Waiter waiter{*this, fiber, what, deadline};
  if (deadline != never) {
    fiber.loop.add_timer(waiter, deadline);
  }
  waiter.previous = last_;
  (last_ != nullptr ? last_->next : first_) = &waiter;
  last_ = &waiter;
  ++size_;

  fiber.suspend(waiter);
  if (waiter.was_interrupted) {
    fiber.check_interrupt();
  }
  return waiter.result;
}

bool WaitList::wake_one(Wake how) noexcept {
  if (first_ == nullptr) {
    return false;
  }
  first_->end(how);
  return true;
}

void WaitList::wake_all(Wake how) noexcept {
  while (wake_one(how)) {
  }
}

void WaitList::remove(Waiter& waiter) noexcept {
  (waiter.previous != nullptr ? waiter.previous->next : first_) = waiter.next;
  (waiter.next != nullptr ? waiter.next->previous : last_) = waiter.previous;
  --size_;
}

void check_interrupt() {
  FiberContext::self().check_interrupt();
}

TimePoint deadline_from_now(Duration after) {
  return deadline_after(FiberContext::self().loop.now(), after);
}

}  // namespace thane::internal
