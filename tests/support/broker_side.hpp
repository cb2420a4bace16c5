// The octets that a broker sends, for tests of the AMQP connection.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "amqp/frame.hpp"
#include "amqp/properties.hpp"
#include "amqp/table.hpp"

namespace thane::testing::broker {

using rpc::amqp::FrameType;
using rpc::amqp::MethodId;
using rpc::amqp::Writer;

template <class Write>
std::string method(std::uint16_t channel, MethodId id, Write write) {
  std::string octets;
  rpc::amqp::write_frame_of(octets, FrameType::method, channel, [&](Writer& to) {
    to.long_integer(static_cast<std::uint32_t>(id));
    write(to);
  });
  return octets;
}

inline std::string method(std::uint16_t channel, MethodId id) {
  return method(channel, id, [](Writer&) {});
}

inline std::string frame(FrameType type, std::uint16_t channel, std::string_view payload) {
  std::string octets;
  rpc::amqp::write_frame_of(octets, type, channel, [&](Writer& to) {
    for (const char c : payload) to.octet(static_cast<std::uint8_t>(c));
  });
  return octets;
}

inline std::string heartbeat() {
  return frame(FrameType::heartbeat, 0, "");
}

inline std::string start(std::string_view mechanisms = "PLAIN AMQPLAIN", unsigned minor = 9) {
  return method(0, MethodId::connection_start, [&](Writer& to) {
    to.octet(0);
    to.octet(static_cast<std::uint8_t>(minor));
    rpc::amqp::write_table(to, {{{"product", {std::string{"RabbitMQ"}}}}});
    to.long_string(mechanisms);
    to.long_string("en_US");
  });
}

inline std::string tune(std::uint32_t frame_max = 131072, std::uint16_t heartbeat = 60) {
  return method(0, MethodId::connection_tune, [&](Writer& to) {
    to.short_integer(2047);
    to.long_integer(frame_max);
    to.short_integer(heartbeat);
  });
}

inline std::string open_ok() {
  return method(0, MethodId::connection_open_ok, [](Writer& to) { to.short_string(""); });
}

inline std::string close(std::uint16_t channel, std::uint16_t code, std::string_view text) {
  const auto id = channel == 0 ? MethodId::connection_close : MethodId::channel_close;
  return method(channel, id, [&](Writer& to) {
    to.short_integer(code);
    to.short_string(text);
    to.long_integer(0);
  });
}

inline std::string channel_open_ok(std::uint16_t channel) {
  return method(channel, MethodId::channel_open_ok, [](Writer& to) { to.long_string(""); });
}

inline std::string ack(std::uint16_t channel, std::uint64_t tag, bool multiple = false) {
  return method(channel, MethodId::basic_ack, [&](Writer& to) {
    to.long_long_integer(tag);
    to.octet(multiple ? 1 : 0);
  });
}

inline std::string content(std::uint16_t channel, std::string_view body, std::size_t piece,
                           const rpc::amqp::Properties& properties = {}) {
  std::string header;
  Writer to{header};
  rpc::amqp::write_content_header(to, body.size(), properties);
  std::string octets = frame(FrameType::header, channel, header);
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) {
    octets += frame(FrameType::body, channel, body.substr(0, piece));
  }
  return octets;
}

inline std::string deliver_method(std::uint16_t channel, std::uint64_t tag) {
  return method(channel, MethodId::basic_deliver, [&](Writer& to) {
    to.short_string("1");
    to.long_long_integer(tag);
    to.octet(1);
    to.short_string("openstack");
    to.short_string("demo.s1");
  });
}

inline std::string deliver(std::uint16_t channel, std::uint64_t tag, std::string_view body,
                           std::size_t piece = 1000) {
  return deliver_method(channel, tag) +
         content(channel, body, piece, {.content_type = "application/json"});
}

inline std::string give_back(std::uint16_t channel, std::string_view exchange,
                             std::string_view routing_key, std::string_view body) {
  return method(channel, MethodId::basic_return,
                [&](Writer& to) {
                  to.short_integer(312);
                  to.short_string("NO_ROUTE");
                  to.short_string(exchange);
                  to.short_string(routing_key);
                }) +
         content(channel, body, 1000);
}

}  // namespace thane::testing::broker
