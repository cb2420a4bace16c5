// What to do when the broker refuses a declaration.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "amqp/events.hpp"
#include "amqp/requests.hpp"

namespace thane::rpc::internal::rabbit {

/// Exchanges and queues that others have declared as transient where we wanted them durable. As
/// newer releases of oslo.messaging we give in: a control exchange is shared by services that are
/// not told their options by one hand. A value without I/O.
class Concessions {
 public:
  /// Whether this is such a refusal of one of `declares`, and a new one: then they are to be
  /// declared again, after apply().
  [[nodiscard]] bool learn(const amqp::ChannelClosed& refusal,
                           const std::vector<amqp::Request>& declares);
  /// Declares transient what has to be; with an exchange the queues that are bound to it.
  [[nodiscard]] std::vector<amqp::Request> apply(std::vector<amqp::Request> declares) const;

 private:
  std::set<std::string, std::less<>> exchanges_;
  std::set<std::string, std::less<>> queues_;
};

/// The queue that the broker cannot reach, because its node is down: deleting it cures that, if
/// nothing in it is worth to be waited for. Empty: the refusal is another one.
[[nodiscard]] std::string unreachable_queue(const amqp::ChannelClosed& refusal,
                                            const std::vector<std::string>& queues);

/// Whether a channel that works was closed for a number that the broker does not know of, or for
/// an acknowledgement that took too long: what was delivered comes again over the next one.
[[nodiscard]] bool is_about_acknowledgement(const amqp::ChannelClosed& refusal);

/// The broker's words, and which option to look at if two programs do not agree.
[[nodiscard]] std::string explain(const amqp::ChannelClosed& refusal);

}  // namespace thane::rpc::internal::rabbit
