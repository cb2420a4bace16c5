// Fibers that wait for the same thing, first come, first served. The base of Event, Queue and
// others.
#pragma once

#include <cstddef>

#include <thane/clock.hpp>

namespace thane::internal {

/// How a wait ended.
enum class Wake { signalled, closed, timed_out };

/// A queue of suspended fibers. Knows no loop: may be made anywhere, waited on in fibers only.
///
/// A waiter that is woken has got what it waited for, even if it is killed before it runs: wait()
/// then returns, and the fiber gets its fiber_killed at its next suspension. A waiter that is
/// killed first is out of the list before anybody could wake it. So no wake-up is ever lost.
class WaitList {
 public:
  WaitList() noexcept = default;
  ~WaitList();  ///< Asserts that nobody waits.
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;

  /// Suspends the calling fiber until it is woken or the deadline comes. `what` says in dumps what
  /// it waits for. Throws fiber_killed and timeout_error.
  Wake wait(const char* what, TimePoint deadline = never);

  /// Wakes the fiber that has waited longest; false if there is none.
  bool wake_one(Wake how = Wake::signalled) noexcept;
  void wake_all(Wake how = Wake::signalled) noexcept;

  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  struct Waiter;
  void remove(Waiter& waiter) noexcept;

  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
  std::size_t size_ = 0;
};

/// Throws what kill() or a Timeout has in store for the calling fiber, which there has to be.
void check_interrupt();
/// The calling fiber's loop's time, plus `after`.
[[nodiscard]] TimePoint deadline_from_now(Duration after);

}  // namespace thane::internal
