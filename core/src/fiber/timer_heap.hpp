// Deadlines of one loop, earliest first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <thane/clock.hpp>

namespace thane::internal {

/// One deadline. Lives in the frame of who waits; must leave the heap before it dies.
struct Timer {
  using Fire = void (*)(Timer& timer) noexcept;

  explicit Timer(Fire function) noexcept : fire(function) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  [[nodiscard]] bool armed() const noexcept { return position != none; }

  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  Fire fire;
  std::size_t position = none;  // In the heap's vector.
};

/// A heap that knows where each timer is, so that most timers can be removed long before
/// they are due. Equal deadlines fire in the order in which they were added.
class TimerHeap {
 public:
  void add(Timer& timer, TimePoint when);
  /// Does nothing if the timer is not in the heap.
  void remove(Timer& timer) noexcept;

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] TimePoint earliest() const noexcept { return entries_.front().when; }
  /// Takes out the earliest timer.
  Timer& pop() noexcept;

 private:
  struct Entry {
    TimePoint when;
    std::uint64_t order;
    Timer* timer;

    bool operator<(const Entry& other) const noexcept {
      return when < other.when || (when == other.when && order < other.order);
    }
  };

  static constexpr std::size_t arity = 4;

  void put(std::size_t position, Entry entry) noexcept;
  void sift_up(std::size_t position, Entry entry) noexcept;
  void sift_down(std::size_t position, Entry entry) noexcept;

  std::vector<Entry> entries_;
  std::uint64_t added_ = 0;
};

}  // namespace thane::internal
