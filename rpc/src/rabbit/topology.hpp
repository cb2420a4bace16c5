// Which exchanges and queues there are, and how they are declared: as oslo.messaging does it.
#pragma once

#include <string>
#include <vector>

#include "amqp/requests.hpp"
#include "options.hpp"
#include "transport.hpp"

namespace thane::rpc::internal::rabbit {

/// What a listener needs on its channel, in the order in which to ask for it.
struct Topology {
  std::vector<amqp::Request> declares;
  std::vector<std::string> queues;  ///< To consume from.
};

/// What has to exist before a message is published, and where it goes.
struct Route {
  std::string exchange;
  std::string routing_key;
  std::vector<amqp::Request> declares;
};

/// Exchange and queues of a server; `fanout_queue` is its own.
[[nodiscard]] Topology server_topology(const RabbitOptions& options, const Target& target,
                                       const std::string& fanout_queue);
[[nodiscard]] Topology notification_topology(const RabbitOptions& options,
                                             const std::vector<NotificationSource>& sources,
                                             const std::string& pool);
[[nodiscard]] Topology reply_topology(const RabbitOptions& options, const std::string& queue);

/// Where calls and casts to `target` go.
[[nodiscard]] Route message_route(const RabbitOptions& options, const Target& target);
/// target.topic is that of the notification with its priority. Its queue is declared as well, so
/// that nothing is lost before a listener exists.
[[nodiscard]] Route notification_route(const RabbitOptions& options, const Target& target);

/// The request that makes a consumer.
[[nodiscard]] amqp::Consume consume(const RabbitOptions& options, std::string queue,
                                    std::string tag);

}  // namespace thane::rpc::internal::rabbit
