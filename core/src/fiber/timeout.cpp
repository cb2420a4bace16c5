#include <thane/timeout.hpp>

#include <fmt/chrono.h>
#include <thane/assert.hpp>

#include "loop_impl.hpp"
#include "timeout_scope.hpp"

namespace thane {

namespace internal {

TimeoutScope::TimeoutScope(Duration limit)
    : Timer([](Timer& timer) noexcept {
        auto& self = static_cast<TimeoutScope&>(timer);
        self.expired_ = true;
        self.fiber_.timed_out();
      }),
      fiber_(FiberContext::self()),
      outer_(fiber_.timeouts),
      limit_(limit) {
  const TimePoint deadline = deadline_after(fiber_.loop.now(), limit);
  if (deadline != never) {
    fiber_.loop.add_timer(*this, deadline);
  }
  fiber_.timeouts = this;
}

TimeoutScope::~TimeoutScope() {
  THANE_ASSERT(fiber_.timeouts == this);  // Scopes end in the reverse order, on their own fiber.
  fiber_.timeouts = outer_;
  fiber_.loop.timers().remove(*this);
  if (pending()) {
    fiber_.timeout_withdrawn();
  }
}

void TimeoutScope::raise() {
  thrown_ = true;
  fiber_.timeout_withdrawn();
  const auto limit = std::chrono::duration_cast<std::chrono::duration<double>>(limit_);
  throw timeout_error(fmt::format("timed out after {}", limit));
}

}  // namespace internal

Timeout::Timeout(Duration limit) : scope_(std::make_unique<internal::TimeoutScope>(limit)) {}
Timeout::~Timeout() = default;
bool Timeout::expired() const noexcept {
  return scope_->expired();
}

}  // namespace thane
