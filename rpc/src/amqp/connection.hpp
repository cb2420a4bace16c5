// An AMQP 0-9-1 connection of a client, without I/O: octets and calls in, octets and events out.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include <thane/clock.hpp>

#include "channel.hpp"
#include "events.hpp"
#include "frame.hpp"
#include "login.hpp"
#include "requests.hpp"

namespace thane::rpc::amqp {

struct ConnectionSettings {
  Mechanism mechanism = Mechanism::plain;
  std::string user = "guest";
  std::string password = "guest";
  std::string virtual_host = "/";
  std::string name = {};  ///< Shown by the broker's tools.
  std::uint16_t channel_max = 2047;
  std::uint32_t frame_max = 131072;
  std::chrono::seconds heartbeat{60};  ///< 0: none. The broker may ask for less.
  int heartbeat_rate = 2;              ///< Heartbeats that we send in that time; at least 1.
  std::size_t max_message_size = 128 * 1024 * 1024;
  Duration handshake_limit = std::chrono::seconds{10};
  Duration close_limit = std::chrono::seconds{3};
};

/// Begins with the protocol header in its output. What it is told and when it is told comes from
/// whoever drives it:
///
///     connection.received(read(connection.space()), now);  connection.tick(now);  // Never throw.
///     while (auto* event = connection.next_event()) { ... }
///     send(connection.take_output(now));
///
/// After Opened channels may be opened and used; requests of one channel are answered in their
/// order, and need not wait for one another. After Closed no call has an effect.
class Connection {
 public:
  Connection(ConnectionSettings settings, TimePoint now);

  /// Where to read to; never empty.
  [[nodiscard]] std::span<char> space() { return parser_.space(); }
  void received(std::size_t count, TimePoint now);
  /// The same for octets that are somewhere else.
  void receive(std::string_view octets, TimePoint now);
  /// To be called when deadline() has come: sends heartbeats, gives up a silent peer.
  void tick(TimePoint now);
  [[nodiscard]] TimePoint deadline() const noexcept;

  /// Lives until the next call, and may be moved from; null: there is none.
  [[nodiscard]] Event* next_event();
  /// What has to be sent. The caller has to send it in this order and completely.
  /// `memory` is used for what comes next.
  [[nodiscard]] std::string take_output(TimePoint now, std::string memory = {});
  [[nodiscard]] std::size_t output_size() const noexcept { return to_.output.size(); }

  [[nodiscard]] bool is_open() const noexcept { return state_ == State::open; }
  [[nodiscard]] bool is_closed() const noexcept { return state_ == State::closed; }
  /// False while the broker has us blocked, or one of our channels stopped.
  [[nodiscard]] bool may_publish() const noexcept;
  [[nodiscard]] std::chrono::seconds heartbeat() const noexcept { return settings_.heartbeat; }
  [[nodiscard]] std::uint32_t frame_max() const noexcept { return settings_.frame_max; }

  /// Throws std::runtime_error when the broker allows no more.
  [[nodiscard]] ChannelId open_channel();
  /// The calls for a channel have no effect, and return 0, when it is not open or closing.
  RequestId request(ChannelId channel, const Request& request);
  PublishId publish(ChannelId channel, const Message& message);
  void ack(ChannelId channel, std::uint64_t delivery_tag, Multiple multiple = Multiple::no);
  void reject(ChannelId channel, std::uint64_t delivery_tag, Channel::Requeue requeue);
  void close_channel(ChannelId channel);
  [[nodiscard]] std::size_t unconfirmed(ChannelId channel) const noexcept;
  /// Closed follows when the broker has answered, or after close_limit.
  void close(TimePoint now);

 private:
  enum class State { start, tune, opening, open, closing, closed };

  void read_frames(TimePoint now);
  void receive_frame(const Frame& frame);
  void receive_method(const Frame& frame);
  void receive_for_connection(MethodId id, Reader& from);
  void receive_while_closing(MethodId id);
  void start(Reader& from);
  void secure(Reader& from);
  void tune(Reader& from);
  void opened(Reader& from);
  void blocked(MethodId id, Reader& from);
  void closed_by_peer(Reader& from);
  void send_close(std::uint16_t code, std::string_view text);
  void end(ClosedBy by, std::uint16_t code, std::string text);
  void expect_state(State state, MethodId id) const;
  [[nodiscard]] Credentials credentials() const noexcept;
  Channel* usable(ChannelId channel);
  Channel& channel_of(const Frame& frame);

  ConnectionSettings settings_;
  State state_ = State::start;
  Outcomes to_;
  FrameParser parser_;
  std::map<ChannelId, Channel> channels_;
  RequestId last_request_ = 0;
  bool blocked_ = false;
  TimePoint state_since_;  // Of the handshake, or of our close.
  TimePoint last_received_;
  TimePoint last_sent_;
};

}  // namespace thane::rpc::amqp
