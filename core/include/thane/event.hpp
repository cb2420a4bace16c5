// A flag that fibers wait for.
#pragma once

#include <thane/internal/wait_list.hpp>

namespace thane {

/// Set by one, waited for by many. May be made anywhere, even before fork(); used on one loop.
///
///     thane::Event connected;
///     loop.spawn([&] { connect(); connected.set(); });
///     connected.wait();                                 // Returns at once from then on.
///     if (!connected.wait_for(2s)) { give_up(); }
///
/// wait() and wait_for() block the calling fiber and throw fiber_killed and timeout_error. Fibers
/// that wait run in the order in which they came. Destroying it while fibers wait is an assertion.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  /// Wakes all that wait, and lets pass all that come later. Need not be called on a fiber.
  void set() noexcept {
    set_ = true;
    waiters_.wake_all();
  }
  /// Makes those wait that come from now on. Fibers that set() has woken are not held back.
  void clear() noexcept { set_ = false; }
  [[nodiscard]] bool is_set() const noexcept { return set_; }

  void wait() { wait_until(never); }
  /// Whether it was set within `limit`.
  [[nodiscard]] bool wait_for(Duration limit) {
    return wait_until(internal::deadline_from_now(limit));
  }
  /// Whether it was set before `deadline` (FiberLoop::now()).
  bool wait_until(TimePoint deadline) {
    if (set_) {
      internal::check_interrupt();
      return true;
    }
    return waiters_.wait("event", deadline) == internal::Wake::signalled;
  }

 private:
  bool set_ = false;
  internal::WaitList waiters_;
};

}  // namespace thane
