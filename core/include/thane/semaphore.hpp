// A number of permits that fibers take and give back.
#pragma once

#include <cstddef>

#include <thane/internal/wait_list.hpp>

namespace thane {

/// Bounds how many fibers do something at once. May be made anywhere, even before fork().
///
///     thane::Semaphore connections{10};
///     thane::Semaphore::Permit permit{connections};     // Blocks while ten are out.
///
/// First come, first served: a permit given back goes to the fiber that has waited longest, and
/// nobody who comes later can take it first. Destroying it while fibers wait is an assertion.
class Semaphore {
 public:
  explicit Semaphore(std::size_t permits) noexcept : available_(permits) {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  /// Takes a permit; blocks the calling fiber while there is none. Throws fiber_killed and
  /// timeout_error, and has taken nothing then.
  void acquire() { (void)acquire_until(never); }
  /// Whether it got a permit within `limit`.
  [[nodiscard]] bool acquire_for(Duration limit) {
    return acquire_until(internal::deadline_from_now(limit));
  }
  /// Takes a permit if one is free. Never blocks, need not be called on a fiber.
  [[nodiscard]] bool try_acquire() noexcept {
    if (available_ == 0) {
      return false;
    }
    --available_;
    return true;
  }
  /// Gives a permit back, or adds one. Need not be called on a fiber.
  void release() noexcept {
    if (!waiters_.wake_one()) {  // Else it is theirs, and was never free.
      ++available_;
    }
  }

  [[nodiscard]] std::size_t available() const noexcept { return available_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiters_.size(); }

  /// One permit, for a scope.
  class Permit {
   public:
    explicit Permit(Semaphore& semaphore) : semaphore_(semaphore) { semaphore_.acquire(); }
    ~Permit() { semaphore_.release(); }
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;

   private:
    Semaphore& semaphore_;
  };

 private:
  bool acquire_until(TimePoint deadline) {
    internal::check_interrupt();
    return try_acquire() || waiters_.wait("semaphore", deadline) == internal::Wake::signalled;
  }

  std::size_t available_;
  internal::WaitList waiters_;
};

}  // namespace thane
