// A bounded queue between fibers.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <thane/internal/queue_core.hpp>

namespace thane {

/// Hands values from fibers to fibers, in order. May be made anywhere, even before fork().
///
///     thane::Queue<Job> jobs{100};
///     jobs.push(job);                              // Blocks while 100 are in it.
///     jobs.close();                                // No more; what is in it can still be taken.
///     for (;;) { work(jobs.pop()); }               // Ends with queue_closed when it is empty.
///
/// First come, first served, for those that push and for those that pop. A killed fiber neither
/// loses a value nor the place of another. Destroying it while fibers wait is an assertion.
template <class T>
class Queue {
  static_assert(std::is_nothrow_move_constructible_v<T>, "a value must not get lost on its way");

 public:
  explicit Queue(std::size_t capacity) : core_(capacity) {}

  /// Appends a value; blocks the calling fiber while the queue is full. Throws queue_closed,
  /// fiber_killed and timeout_error, and has appended nothing then.
  void push(T value) {
    core_.reserve_slot();
    append(std::move(value));
  }
  /// Appends a value unless the queue is full or closed; else leaves `value` as it was. Never
  /// blocks, need not be called on a fiber.
  [[nodiscard]] bool try_push(T& value) {
    return core_.try_reserve_slot() && append(std::move(value));
  }
  [[nodiscard]] bool try_push(T&& value) { return try_push(value); }

  /// Takes the first value; blocks the calling fiber while there is none. Throws queue_closed when
  /// the queue is closed and empty, fiber_killed and timeout_error.
  T pop() {
    core_.claim_value(never);
    return take();
  }
  /// The same, or nothing if there was none for `limit`.
  [[nodiscard]] std::optional<T> pop_for(Duration limit) {
    if (!core_.claim_value(internal::deadline_from_now(limit))) {
      return std::nullopt;
    }
    return take();
  }
  /// The first value, if there is one. Never blocks, need not be called on a fiber.
  [[nodiscard]] std::optional<T> try_pop() {
    if (!core_.try_claim_value()) {
      return std::nullopt;
    }
    return take();
  }

  /// Lets nothing in any more. Fibers blocked in push() get queue_closed, and so do those in pop()
  /// when nothing is left.
  void close() noexcept { core_.close(); }
  [[nodiscard]] bool closed() const noexcept { return core_.closed(); }

  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
  [[nodiscard]] bool empty() const noexcept { return values_.empty(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return core_.capacity(); }

 private:
  bool append(T&& value) {
    try {
      values_.push_back(std::move(value));
    } catch (...) {
      core_.free_slot();
      throw;
    }
    core_.publish_value();
    return true;
  }
  T take() {
    T value = std::move(values_.front());
    values_.pop_front();
    core_.free_slot();
    return value;
  }

  internal::QueueCore core_;
  std::deque<T> values_;
};

}  // namespace thane
