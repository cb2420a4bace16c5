#include <thane/gate.hpp>

#include <thane/assert.hpp>

namespace thane {

Gate::~Gate() {
  THANE_ASSERT(count_ == 0);
}

bool Gate::wait_until(TimePoint deadline) {
  internal::check_interrupt();
  return count_ == 0 || waiters_.wait("gate", deadline) == internal::Wake::signalled;
}

void Gate::leave() noexcept {
  if (--count_ == 0) {
    waiters_.wake_all();
  }
}

}  // namespace thane
