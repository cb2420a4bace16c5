// Where the broker is, and how to log in there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <thane/rpc/transport_url.hpp>

#include "amqp/connection.hpp"
#include "options.hpp"

namespace thane::rpc::internal::rabbit {

struct BrokerHost {
  std::string name = "localhost";
  std::uint16_t port = 5672;
  std::string user = "guest";
  std::string password = "guest";

  friend bool operator==(const BrokerHost&, const BrokerHost&) = default;
};

/// A value made of a transport_url and of options.
struct Broker {
  std::vector<BrokerHost> hosts;  ///< At least one; nodes of one broker.
  std::string virtual_host = "/";
  RabbitOptions options;

  /// Throws what RabbitOptions::from() does, and InvalidTransportURL for a port out of range.
  static Broker from(const TransportUrl& url, const Snapshot* values);

  /// What a connection to a host says of itself; `name` is shown by the broker's tools.
  [[nodiscard]] amqp::ConnectionSettings settings_for(std::size_t host, std::string name) const;
  /// "name:port".
  [[nodiscard]] std::string address_of(std::size_t host) const;
};

}  // namespace thane::rpc::internal::rabbit
