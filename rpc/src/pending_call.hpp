// A call that was sent and has no answer yet.
#pragma once

#include <exception>
#include <optional>
#include <string>

#include <thane/clock.hpp>
#include <thane/event.hpp>

#include "transport.hpp"

namespace thane::rpc::internal {

/// Lives in the frame of the fiber that waits; the driver finds it by the message's id, and tells
/// it what came. One fiber waits, once.
class PendingCall {
 public:
  void answer(Reply reply);
  void heartbeat();
  /// The answer will not come, for this reason.
  void fail(std::exception_ptr error);
  /// Nobody has taken it: it may be sent again.
  void send_again();

  /// Blocks until the answer. Nothing: it is to be sent again. Throws what fail() was given, and
  /// MessagingTimeout when the deadline comes, or when there was neither answer nor heartbeat for
  /// `monitor`.
  std::optional<Reply> wait(TimePoint deadline, std::optional<Duration> monitor,
                            const std::string& message_id);

 private:
  Event changed_;
  std::optional<Reply> reply_;
  std::exception_ptr error_;
  bool again_ = false;
};

/// CallOptions::monitor_timeout as a Duration.
[[nodiscard]] std::optional<Duration> monitor_limit(const CallOptions& options);

}  // namespace thane::rpc::internal
