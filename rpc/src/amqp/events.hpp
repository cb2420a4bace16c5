// What happens on a connection, for whoever drives it.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "properties.hpp"
#include "protocol.hpp"

namespace thane::rpc::amqp {

/// Of one connection, from 1 up.
using RequestId = std::uint64_t;
/// Of one channel that confirms, from 1 up; the broker's delivery tag.
using PublishId = std::uint64_t;

/// The handshake is over: channels can be opened.
struct Opened {};

enum class ClosedBy { us, peer, violation, silence };

/// The last event. After `violation` the output still holds our Connection.Close.
struct Closed {
  ClosedBy by = ClosedBy::us;
  std::uint16_t code = 0;
  std::string text;
};

/// The broker has closed it (404, 406, ...), or has answered our close. Requests and publishes that
/// were not answered never will be.
struct ChannelClosed {
  ChannelId channel = 0;
  ClosedBy by = ClosedBy::us;
  std::uint16_t code = 0;
  std::string text;
};

struct Completed {
  ChannelId channel = 0;
  RequestId request = 0;
};

struct Delivered {
  ChannelId channel = 0;
  std::string consumer_tag;
  std::uint64_t delivery_tag = 0;
  bool redelivered = false;
  std::string exchange;
  std::string routing_key;
  Properties properties;
  std::string body;
};

enum class Outcome {
  confirmed,
  returned,  ///< Mandatory, and no queue would take it.
  refused,   ///< The broker could not keep it (Basic.Nack).
};

/// What became of a publish; one of these for each on a channel that confirms. A return on a
/// channel that does not comes with publish 0.
struct Settled {
  ChannelId channel = 0;
  PublishId publish = 0;
  Outcome outcome = Outcome::confirmed;
  std::uint16_t code = 0;  ///< Of a return: 312, NO_ROUTE.
  std::string text;
};

/// The broker has ended a consumer, because its queue was deleted or has moved.
struct ConsumerCancelled {
  ChannelId channel = 0;
  std::string consumer_tag;
};

/// The broker is short of memory or disk: it takes no publishes until Unblocked.
struct Blocked {
  std::string reason;
};
struct Unblocked {};

using Event = std::variant<Opened, Closed, ChannelClosed, Completed, Delivered, Settled,
                           ConsumerCancelled, Blocked, Unblocked>;

}  // namespace thane::rpc::amqp
