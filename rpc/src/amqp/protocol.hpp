// The numbers of AMQP 0-9-1 and of RabbitMQ's extensions to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace thane::rpc::amqp {

using ChannelId = std::uint16_t;

/// The octets with which a client begins.
inline constexpr std::string_view protocol_header{"AMQP\0\0\x09\x01", 8};

enum class FrameType : std::uint8_t { method = 1, header = 2, body = 3, heartbeat = 8 };
inline constexpr char frame_end = '\xCE';
inline constexpr std::size_t frame_head_size = 7;
/// What a frame needs besides its payload.
inline constexpr std::size_t frame_overhead = frame_head_size + 1;
/// No peer may ask for less (section 4.2.3 of the specification).
inline constexpr std::uint32_t smallest_frame_max = 4096;

enum class ReplyCode : std::uint16_t {
  success = 200,
  content_too_large = 311,
  no_route = 312,
  connection_forced = 320,
  access_refused = 403,
  not_found = 404,
  precondition_failed = 406,
  frame_error = 501,
  syntax_error = 502,
  command_invalid = 503,
  channel_error = 504,
  unexpected_frame = 505,
  not_allowed = 530,
  internal_error = 541,
};

/// The peer broke the protocol; the connection has to be closed with this code.
class protocol_error : public std::runtime_error {
 public:
  protocol_error(ReplyCode code, const std::string& what) : std::runtime_error(what), code_(code) {}
  [[nodiscard]] ReplyCode code() const noexcept { return code_; }

 private:
  ReplyCode code_;
};

/// Class and method as they stand at the beginning of a method frame.
enum class MethodId : std::uint32_t {
  connection_start = 10 << 16 | 10,
  connection_start_ok = 10 << 16 | 11,
  connection_secure = 10 << 16 | 20,
  connection_secure_ok = 10 << 16 | 21,
  connection_tune = 10 << 16 | 30,
  connection_tune_ok = 10 << 16 | 31,
  connection_open = 10 << 16 | 40,
  connection_open_ok = 10 << 16 | 41,
  connection_close = 10 << 16 | 50,
  connection_close_ok = 10 << 16 | 51,
  connection_blocked = 10 << 16 | 60,
  connection_unblocked = 10 << 16 | 61,
  channel_open = 20 << 16 | 10,
  channel_open_ok = 20 << 16 | 11,
  channel_flow = 20 << 16 | 20,
  channel_flow_ok = 20 << 16 | 21,
  channel_close = 20 << 16 | 40,
  channel_close_ok = 20 << 16 | 41,
  exchange_declare = 40 << 16 | 10,
  exchange_declare_ok = 40 << 16 | 11,
  queue_declare = 50 << 16 | 10,
  queue_declare_ok = 50 << 16 | 11,
  queue_bind = 50 << 16 | 20,
  queue_bind_ok = 50 << 16 | 21,
  queue_delete = 50 << 16 | 40,
  queue_delete_ok = 50 << 16 | 41,
  basic_qos = 60 << 16 | 10,
  basic_qos_ok = 60 << 16 | 11,
  basic_consume = 60 << 16 | 20,
  basic_consume_ok = 60 << 16 | 21,
  basic_cancel = 60 << 16 | 30,
  basic_cancel_ok = 60 << 16 | 31,
  basic_publish = 60 << 16 | 40,
  basic_return = 60 << 16 | 50,
  basic_deliver = 60 << 16 | 60,
  basic_ack = 60 << 16 | 80,
  basic_reject = 60 << 16 | 90,
  basic_nack = 60 << 16 | 120,
  confirm_select = 85 << 16 | 10,
  confirm_select_ok = 85 << 16 | 11,
};

}  // namespace thane::rpc::amqp
