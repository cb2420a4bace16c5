#include "pending_call.hpp"

#include <algorithm>
#include <utility>

#include <thane/fiber_loop.hpp>
#include <thane/rpc/errors.hpp>

namespace thane::rpc::internal {

void PendingCall::answer(Reply reply) {
  reply_ = std::move(reply);
  changed_.set();
}

void PendingCall::heartbeat() {
  changed_.set();
}

void PendingCall::fail(std::exception_ptr error) {
  error_ = std::move(error);
  changed_.set();
}

void PendingCall::send_again() {
  again_ = true;
  changed_.set();
}

std::optional<Reply> PendingCall::wait(TimePoint deadline, std::optional<Duration> monitor,
                                       const std::string& message_id) {
  for (;;) {
    const TimePoint now = FiberLoop::current().now();
    const TimePoint limit = monitor ? std::min(deadline, deadline_after(now, *monitor)) : deadline;
    const bool told = changed_.wait_until(limit);
    if (reply_) return std::move(reply_);
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    if (again_) return std::nullopt;
    if (!told) {
      throw MessagingTimeout("Timed out waiting for a reply to message ID " + message_id);
    }
    changed_.clear();
  }
}

std::optional<Duration> monitor_limit(const CallOptions& options) {
  if (!options.monitor_timeout) return std::nullopt;
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(*options.monitor_timeout));
}

}  // namespace thane::rpc::internal
