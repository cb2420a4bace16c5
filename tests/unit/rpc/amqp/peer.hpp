// An AMQP connection under test, and the broker at its other end.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "amqp/connection.hpp"
#include "support/broker_side.hpp"

namespace thane::testing {

inline constexpr TimePoint begin{std::chrono::hours{1}};

/// A connection and what it said, with the time at `now`.
struct Peer {
  explicit Peer(rpc::amqp::ConnectionSettings settings = {})
      : connection(std::move(settings), begin) {
    CHECK(connection.take_output(now) == rpc::amqp::protocol_header);
  }

  std::vector<rpc::amqp::Event> say(std::string_view octets) {
    connection.receive(octets, now);
    return events();
  }
  std::vector<rpc::amqp::Event> tick_at(TimePoint when) {
    now = when;
    connection.tick(now);
    return events();
  }
  std::vector<rpc::amqp::Event> events() {
    std::vector<rpc::amqp::Event> all;
    while (auto* event = connection.next_event()) all.push_back(std::move(*event));
    return all;
  }
  /// The next method in what it sends, without its frame.
  std::pair<rpc::amqp::MethodId, std::string> sent() {
    if (const std::string output = connection.take_output(now); !output.empty()) {
      parser.feed(output);
    }
    const auto frame = parser.next();
    if (!frame) return {rpc::amqp::MethodId{0}, {}};
    if (frame->type != rpc::amqp::FrameType::method)
      return {rpc::amqp::MethodId{0}, std::string{frame->payload}};
    rpc::amqp::Reader from{frame->payload};
    const auto id = rpc::amqp::MethodId{from.long_integer()};
    return {id, std::string{frame->payload.substr(4)}};
  }
  rpc::amqp::MethodId sent_method() { return sent().first; }

  rpc::amqp::Connection connection;
  TimePoint now = begin;
  rpc::amqp::FrameParser parser{131072};
};

/// The same with a channel open.
struct OpenPeer : Peer {
  explicit OpenPeer(rpc::amqp::ConnectionSettings settings = {}) : Peer(std::move(settings)) {
    (void)say(broker::start());
    (void)say(broker::tune());
    REQUIRE(say(broker::open_ok()).size() == 1);
    while (sent_method() != rpc::amqp::MethodId{0}) {
    }
    channel = connection.open_channel();
    (void)say(broker::channel_open_ok(channel));
    while (sent_method() != rpc::amqp::MethodId{0}) {
    }
  }
  rpc::amqp::ChannelId channel = 0;
};

}  // namespace thane::testing
