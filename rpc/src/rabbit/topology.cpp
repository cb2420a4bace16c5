#include "topology.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

namespace thane::rpc::internal::rabbit {

namespace {

using amqp::BindQueue;
using amqp::DeclareExchange;
using amqp::DeclareQueue;
using amqp::Table;

void add(Table& to, const char* name, std::string value) {
  to.fields.emplace_back(name, amqp::Value{std::move(value)});
}
// As a signed 32-bit integer, unless it is too large for one: as py-amqp writes it, for another
// type would be another argument to the broker.
void add(Table& to, const char* name, std::int64_t value) {
  const auto small = static_cast<std::int32_t>(value);
  to.fields.emplace_back(name, small == value ? amqp::Value{small} : amqp::Value{value});
}

DeclareExchange topic_exchange(const RabbitOptions& options, const std::string& name) {
  return {.name = name,
          .type = "topic",
          .durable = options.amqp_durable_queues || options.rabbit_quorum_queue,
          .auto_delete = options.amqp_auto_delete};
}

DeclareExchange fanout_exchange(const RabbitOptions& options, const std::string& topic) {
  return {.name = topic + "_fanout",
          .type = "fanout",
          .durable = options.rabbit_transient_quorum_queue,
          .auto_delete = true};
}

void add_quorum_arguments(const RabbitOptions& options, Table& to) {
  add(to, "x-queue-type", "quorum");
  if (options.rabbit_quorum_delivery_limit > 0) {
    add(to, "x-delivery-limit", options.rabbit_quorum_delivery_limit);
  }
  if (options.rabbit_quorum_max_memory_length > 0) {
    add(to, "x-max-in-memory-length", options.rabbit_quorum_max_memory_length);
  }
  if (options.rabbit_quorum_max_memory_bytes > 0) {
    add(to, "x-max-in-memory-bytes", options.rabbit_quorum_max_memory_bytes);
  }
}

DeclareQueue shared_queue(const RabbitOptions& options, std::string name) {
  DeclareQueue queue{.name = std::move(name),
                     .durable = options.amqp_durable_queues || options.rabbit_quorum_queue,
                     .auto_delete = options.amqp_auto_delete};
  if (options.rabbit_ha_queues) add(queue.arguments, "x-ha-policy", "all");
  if (options.rabbit_quorum_queue) add_quorum_arguments(options, queue.arguments);
  return queue;
}

// Of one process. It is not exclusive, for the process may come back over another connection; the
// broker deletes it when nobody has for some time.
DeclareQueue own_queue(const RabbitOptions& options, std::string name) {
  DeclareQueue queue{.name = std::move(name), .durable = options.rabbit_transient_quorum_queue};
  if (options.rabbit_ha_queues) add(queue.arguments, "x-ha-policy", "all");
  if (options.rabbit_transient_quorum_queue) add_quorum_arguments(options, queue.arguments);
  if (options.rabbit_transient_queues_ttl.count() > 0) {
    add(queue.arguments, "x-expires", options.rabbit_transient_queues_ttl.count() * 1000);
  }
  return queue;
}

// One for all servers of a topic, each of which reads all of it.
DeclareQueue stream_queue(const RabbitOptions& options, std::string name) {
  DeclareQueue queue{.name = std::move(name), .durable = true};
  add(queue.arguments, "x-queue-type", "stream");
  if (const auto age = options.rabbit_transient_queues_ttl.count(); age > 0) {
    add(queue.arguments, "x-max-age", std::to_string(age) + "s");
  }
  return queue;
}

// One that others read as well, or whose owner may come back, is left to x-expires and x-max-age.
bool is_deleted_at_end(const RabbitOptions& options) {
  return !options.rabbit_stream_fanout && !options.use_queue_manager;
}

}  // namespace

Topology server_topology(const RabbitOptions& options, const Target& target,
                         const std::string& unique) {
  Topology all;
  for (const std::string& name : {target.topic, target.topic + "." + target.server}) {
    all.declares.emplace_back(topic_exchange(options, target.exchange));
    all.declares.emplace_back(shared_queue(options, name));
    all.declares.emplace_back(
        BindQueue{.queue = name, .exchange = target.exchange, .routing_key = name});
    all.queues.push_back(name);
  }
  const DeclareExchange fanout = fanout_exchange(options, target.topic);
  all.declares.emplace_back(fanout);
  const std::string queue = options.rabbit_stream_fanout ? fanout.name : fanout.name + "_" + unique;
  all.declares.emplace_back(options.rabbit_stream_fanout ? stream_queue(options, queue)
                                                         : own_queue(options, queue));
  all.declares.emplace_back(
      BindQueue{.queue = queue, .exchange = fanout.name, .routing_key = target.topic});
  all.queues.push_back(queue);
  if (options.rabbit_stream_fanout) all.stream = queue;
  if (is_deleted_at_end(options)) all.own_queue = queue;
  return all;
}

Topology notification_topology(const RabbitOptions& options,
                               const std::vector<NotificationSource>& sources,
                               const std::string& pool) {
  Topology all;
  std::set<std::string> consumed;
  for (const auto& [target, priority] : sources) {
    const std::string key = target.topic + "." + priority;
    const std::string& queue = pool.empty() ? key : pool;
    all.declares.emplace_back(topic_exchange(options, target.exchange));
    all.declares.emplace_back(shared_queue(options, queue));
    all.declares.emplace_back(
        BindQueue{.queue = queue, .exchange = target.exchange, .routing_key = key});
    if (consumed.insert(queue).second) all.queues.push_back(queue);
  }
  return all;
}

Topology reply_topology(const RabbitOptions& options, const std::string& queue) {
  return {.declares = {own_queue(options, queue)}, .queues = {queue}};
}

Route message_route(const RabbitOptions& options, const Target& target) {
  if (target.fanout) {
    const DeclareExchange exchange = fanout_exchange(options, target.topic);
    return {.exchange = exchange.name, .routing_key = "", .declares = {exchange}};
  }
  return {.exchange = target.exchange,
          .routing_key = target.server.empty() ? target.topic : target.topic + "." + target.server,
          .declares = {topic_exchange(options, target.exchange)}};
}

Route notification_route(const RabbitOptions& options, const Target& target) {
  return {
      .exchange = target.exchange,
      .routing_key = target.topic,
      .declares = {
          topic_exchange(options, target.exchange), shared_queue(options, target.topic),
          BindQueue{
              .queue = target.topic, .exchange = target.exchange, .routing_key = target.topic}}};
}

std::vector<amqp::Request> without(std::vector<amqp::Request> declares,
                                   const std::vector<std::string>& queues) {
  std::erase_if(declares, [&queues](const amqp::Request& request) {
    const auto* const made = std::get_if<amqp::DeclareQueue>(&request);
    const auto* const bound = std::get_if<amqp::BindQueue>(&request);
    return (made != nullptr && std::ranges::count(queues, made->name) > 0) ||
           (bound != nullptr && std::ranges::count(queues, bound->queue) > 0);
  });
  return declares;
}

amqp::Consume consume(const RabbitOptions& options, const Topology& topology, std::size_t index,
                      std::optional<std::int64_t> offset) {
  amqp::Consume request{
      .queue = topology.queues[index], .tag = consumer_tag(index), .arguments = {}};
  auto& arguments = request.arguments.fields;
  if (request.queue == topology.stream) {
    arguments.emplace_back("x-stream-offset",
                           offset ? amqp::Value{*offset} : amqp::Value{std::string{"last"}});
  } else if (options.enable_cancel_on_failover) {
    arguments.emplace_back("x-cancel-on-ha-failover", amqp::Value{true});
  }
  return request;
}

std::string consumer_tag(std::size_t index) {
  return std::to_string(index + 1);
}

}  // namespace thane::rpc::internal::rabbit
