// Fibers: concurrent code that reads as ordinary blocking code, many on one thread.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <utility>

#include <thane/clock.hpp>

namespace thane {

namespace internal {
class FiberContext;
}

/// Thrown inside a fiber by Fiber::kill() at its next suspension point, and again at each later one
/// (a kill is sticky). Not a std::exception, so that code which logs and swallows errors does not
/// swallow it. Clean-up that has to suspend does so below a this_fiber::Mask.
struct fiber_killed {};

/// A handle to a fiber, or to none. A cheap value; the fiber lives on without it.
///
/// Fibers of one FiberLoop all run on the loop's thread, one at a time; they give way only where
/// they suspend: in this_fiber functions, in Event, Semaphore, Queue and Gate, in sockets,
/// offload() and any Asio operation with thane::await. All members are to be called on that thread.
class Fiber {
 public:
  Fiber() noexcept = default;
  Fiber(const Fiber& other) noexcept;
  Fiber(Fiber&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
  Fiber& operator=(Fiber other) noexcept {
    std::swap(context_, other.context_);
    return *this;
  }
  ~Fiber();

  explicit operator bool() const noexcept { return context_ != nullptr; }
  friend bool operator==(const Fiber&, const Fiber&) = default;

  /// Unique in the process, from 1 up.
  [[nodiscard]] std::uint64_t id() const noexcept;
  [[nodiscard]] const std::string& name() const noexcept;

  [[nodiscard]] bool done() const noexcept;
  /// What it ended with, if it ended with an exception (other than fiber_killed).
  [[nodiscard]] std::exception_ptr error() const noexcept;

  /// Makes fiber_killed come out of the suspension point the fiber is at, or of the next one. A
  /// fiber that never ran ends without running. An operation that has already completed is not
  /// lost: its result is delivered, and the exception comes at the suspension point after it.
  void kill() const noexcept;

  /// Blocks the calling fiber until this one has ended; rethrows what it ended with. A killed fiber
  /// counts as ended without error. Waiting for oneself is an assertion.
  void wait() const;

  /// Calls `callback` on the loop when the fiber has ended, or at once if it has.
  /// The callback must not suspend and must not throw.
  void link(std::function<void(const Fiber&)> callback) const;

 private:
  friend class internal::FiberContext;
  explicit Fiber(internal::FiberContext* context) noexcept;
  internal::FiberContext* context_ = nullptr;
};

/// What a fiber does with itself. All but current() need to run on a fiber.
namespace this_fiber {

/// The running fiber; an empty handle outside of any.
[[nodiscard]] Fiber current() noexcept;

/// Lets every other fiber that can run do so first.
void yield();
void sleep_for(Duration duration);
void sleep_until(TimePoint when);

/// True once kill() was called on it, even below a Mask.
[[nodiscard]] bool killed() noexcept;
void set_name(std::string name);

/// While it exists, kill() and Timeout do not interrupt this fiber; they do right after.
class Mask {
 public:
  Mask() noexcept;
  ~Mask();
  Mask(const Mask&) = delete;
  Mask& operator=(const Mask&) = delete;
};

}  // namespace this_fiber
}  // namespace thane
