// Which exchanges and queues there are, and how they are declared: as oslo.messaging does it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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
  std::string stream{};             ///< The one of them that is a stream; empty: none.
  std::string own_queue{};          ///< To be deleted at the end; empty: none.
};

/// What has to exist before a message is published, and where it goes.
struct Route {
  std::string exchange;
  std::string routing_key;
  std::vector<amqp::Request> declares;
};

/// Exchange and queues of a server; `unique` is for the name of the one that is its own.
[[nodiscard]] Topology server_topology(const RabbitOptions& options, const Target& target,
                                       const std::string& unique);
[[nodiscard]] Topology notification_topology(const RabbitOptions& options,
                                             const std::vector<NotificationSource>& sources,
                                             const std::string& pool);
[[nodiscard]] Topology reply_topology(const RabbitOptions& options, const std::string& queue);

/// Where calls and casts to `target` go.
[[nodiscard]] Route message_route(const RabbitOptions& options, const Target& target);
/// target.topic is that of the notification with its priority. Its queue is declared as well, so
/// that nothing is lost before a listener exists.
[[nodiscard]] Route notification_route(const RabbitOptions& options, const Target& target);

/// `declares` but for what makes or binds one of `queues`.
[[nodiscard]] std::vector<amqp::Request> without(std::vector<amqp::Request> declares,
                                                 const std::vector<std::string>& queues);

/// The request that makes a consumer of the `index`th queue. `offset`: where to begin in a stream;
/// none: with what came last.
[[nodiscard]] amqp::Consume consume(const RabbitOptions& options, const Topology& topology,
                                    std::size_t index, std::optional<std::int64_t> offset = {});
/// Consumers are called "1", "2", ... in the order of their queues, and as many queues there are.
[[nodiscard]] std::string consumer_tag(std::size_t index);

}  // namespace thane::rpc::internal::rabbit
