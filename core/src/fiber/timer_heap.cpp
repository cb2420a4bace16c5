#include "timer_heap.hpp"

#include <thane/assert.hpp>

#include <algorithm>

// Four children per node: half the levels of a binary heap, and each level that an entry moves
// costs a write into a timer somewhere on a fiber's cold stack.

namespace thane::internal {

void TimerHeap::add(Timer& timer, TimePoint when) {
  THANE_ASSERT(!timer.armed());
  entries_.push_back({when, added_, &timer});
  sift_up(entries_.size() - 1, {when, added_++, &timer});
}

void TimerHeap::remove(Timer& timer) noexcept {
  if (!timer.armed()) {
    return;
  }
  const std::size_t hole = timer.position;
  timer.position = Timer::none;
  const Entry last = entries_.back();
  entries_.pop_back();
  if (hole == entries_.size()) {
    return;
  }
  if (hole > 0 && last < entries_[(hole - 1) / arity]) {
    sift_up(hole, last);
  } else {
    sift_down(hole, last);
  }
}

Timer& TimerHeap::pop() noexcept {
  Timer& timer = *entries_.front().timer;
  remove(timer);
  return timer;
}

void TimerHeap::put(std::size_t position, Entry entry) noexcept {
  entries_[position] = entry;
  entry.timer->position = position;
}

void TimerHeap::sift_up(std::size_t position, Entry entry) noexcept {
  while (position > 0) {
    const std::size_t above = (position - 1) / arity;
    if (!(entry < entries_[above])) {
      break;
    }
    put(position, entries_[above]);
    position = above;
  }
  put(position, entry);
}

void TimerHeap::sift_down(std::size_t position, Entry entry) noexcept {
  for (;;) {
    const std::size_t first = arity * position + 1;
    if (first >= entries_.size()) {
      break;
    }
    const std::size_t end = std::min(first + arity, entries_.size());
    std::size_t below = first;
    for (std::size_t child = first + 1; child < end; ++child) {
      if (entries_[child] < entries_[below]) {
        below = child;
      }
    }
    if (!(entries_[below] < entry)) {
      break;
    }
    put(position, entries_[below]);
    position = below;
  }
  put(position, entry);
}

}  // namespace thane::internal
