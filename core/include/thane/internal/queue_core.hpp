// The part of Queue that does not depend on what is in it: who may push and who may pop.
#pragma once

#include <cstddef>
#include <stdexcept>

#include <thane/internal/wait_list.hpp>

namespace thane {

/// Thrown by a queue that was closed: by push(), and by pop() once it is empty.
class queue_closed : public std::runtime_error {
 public:
  queue_closed() : std::runtime_error("the queue is closed") {}
};

namespace internal {

/// Counts free slots and values nobody has claimed. Both are handed straight to the fiber that has
/// waited longest, so that whoever comes later finds none to take.
class QueueCore {
 public:
  explicit QueueCore(std::size_t capacity);

  void reserve_slot();
  [[nodiscard]] bool try_reserve_slot() noexcept;
  void publish_value() noexcept;

  /// False: none until the deadline.
  bool claim_value(TimePoint deadline);
  [[nodiscard]] bool try_claim_value() noexcept;
  void free_slot() noexcept;

  void close() noexcept;
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

 private:
  std::size_t capacity_;
  std::size_t slots_;
  std::size_t values_ = 0;
  bool closed_ = false;
  WaitList pushers_;
  WaitList poppers_;
};

}  // namespace internal
}  // namespace thane
