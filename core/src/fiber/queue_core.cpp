#include <thane/internal/queue_core.hpp>

#include <thane/assert.hpp>

namespace thane::internal {

QueueCore::QueueCore(std::size_t capacity) : capacity_(capacity), slots_(capacity) {
  THANE_ASSERT(capacity > 0);
}

bool QueueCore::try_reserve_slot() noexcept {
  if (closed_ || slots_ == 0) {
    return false;
  }
  --slots_;
  return true;
}

void QueueCore::reserve_slot() {
  check_interrupt();
  if (closed_) {
    throw queue_closed{};
  }
  if (try_reserve_slot()) {
    return;
  }
  const Wake wake = pushers_.wait("queue, full");
  if (closed_) {  // Also if it got a slot and close() came before it ran: poppers may have gone.
    if (wake == Wake::signalled) {
      ++slots_;
    }
    throw queue_closed{};
  }
}

void QueueCore::publish_value() noexcept {
  if (!poppers_.wake_one()) {
    ++values_;
  }
}

bool QueueCore::try_claim_value() noexcept {
  if (values_ == 0) {
    return false;
  }
  --values_;
  return true;
}

bool QueueCore::claim_value(TimePoint deadline) {
  check_interrupt();
  if (try_claim_value()) {
    return true;
  }
  if (closed_) {
    throw queue_closed{};
  }
  switch (poppers_.wait("queue, empty", deadline)) {
    case Wake::signalled:
      return true;
    case Wake::timed_out:
      return false;
    case Wake::closed:
      break;
  }
  throw queue_closed{};
}

void QueueCore::free_slot() noexcept {
  if (!pushers_.wake_one()) {
    ++slots_;
  }
}

void QueueCore::close() noexcept {
  closed_ = true;
  pushers_.wake_all(Wake::closed);
  poppers_.wake_all(Wake::closed);
}

}  // namespace thane::internal
