// What a client asks of a channel and gets an answer to.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "protocol.hpp"
#include "table.hpp"

namespace thane::rpc::amqp {

struct DeclareExchange {
  std::string name;
  std::string type = "topic";
  bool durable = false;
  bool auto_delete = false;
  Table arguments = {};
  friend bool operator==(const DeclareExchange&, const DeclareExchange&) = default;
};
struct DeclareQueue {
  std::string name;
  bool durable = false;
  bool exclusive = false;
  bool auto_delete = false;
  Table arguments = {};
  friend bool operator==(const DeclareQueue&, const DeclareQueue&) = default;
};
struct BindQueue {
  std::string queue;
  std::string exchange;
  std::string routing_key;
  Table arguments = {};
  friend bool operator==(const BindQueue&, const BindQueue&) = default;
};
/// Whether it is in use or empty does not matter.
struct DeleteQueue {
  std::string name;
};
/// How many messages without acknowledgement each consumer of the channel may have.
struct SetPrefetch {
  std::uint16_t count = 0;
};
struct Consume {
  std::string queue;
  std::string tag;
  Table arguments = {};
};
struct CancelConsumer {
  std::string tag;
};
struct SelectConfirms {};

using Request = std::variant<DeclareExchange, DeclareQueue, BindQueue, DeleteQueue, SetPrefetch,
                             Consume, CancelConsumer, SelectConfirms>;

/// The payload of its method frame. Throws std::invalid_argument for a name that is too long.
void write_request(Writer& to, const Request& request);
/// The method that answers it.
[[nodiscard]] MethodId answer_to(const Request& request) noexcept;

}  // namespace thane::rpc::amqp
