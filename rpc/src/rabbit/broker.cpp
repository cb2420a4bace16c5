#include "broker.hpp"

#include <fmt/format.h>

#include <thane/rpc/errors.hpp>
#include <utility>

namespace thane::rpc::internal::rabbit {

Broker Broker::from(const TransportUrl& url, const Snapshot* values) {
  Broker broker{.hosts = {}, .options = RabbitOptions::from(url, values)};
  for (const TransportUrl::Host& host : url.hosts) {
    BrokerHost& to = broker.hosts.emplace_back();
    to.name = host.hostname.value_or(to.name);
    if (host.port && (*host.port < 0 || *host.port > 65535)) {
      throw InvalidTransportURL(url.to_string(), fmt::format("there is no port {}", *host.port));
    }
    if (host.port.value_or(0) != 0) to.port = static_cast<std::uint16_t>(*host.port);
    to.user = host.username.value_or(to.user);
    to.password = host.password.value_or(to.password);
  }
  if (broker.hosts.empty()) broker.hosts.emplace_back();
  if (const std::string path = url.virtual_host.value_or(""); !path.empty()) {
    broker.virtual_host = path;
  }
  return broker;
}

namespace {

amqp::Mechanism mechanism_of(const std::string& name) {
  if (name == "EXTERNAL") return amqp::Mechanism::external;
  if (name == "AMQPLAIN") return amqp::Mechanism::amqplain;
  if (name == "RABBIT-CR-DEMO") return amqp::Mechanism::rabbit_cr_demo;
  return amqp::Mechanism::plain;
}

}  // namespace

amqp::ConnectionSettings Broker::settings_for(std::size_t host, std::string name) const {
  return {.mechanism = mechanism_of(options.rabbit_login_method),
          .user = hosts[host].user,
          .password = hosts[host].password,
          .virtual_host = virtual_host,
          .name = std::move(name),
          .heartbeat = options.heartbeat_timeout_threshold,
          .heartbeat_rate = options.heartbeat_rate};
}

std::string Broker::address_of(std::size_t host) const {
  return fmt::format("{}:{}", hosts[host].name, hosts[host].port);
}

}  // namespace thane::rpc::internal::rabbit
