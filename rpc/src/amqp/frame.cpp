#include "frame.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace thane::rpc::amqp {

void FrameParser::feed(std::string_view octets) {
  std::ranges::copy(octets, input_.space(input_.octets().size() + octets.size()).begin());
  filled(octets.size());
}

std::optional<Frame> FrameParser::next() {
  wanted_ = 0;
  const std::string_view rest = input_.octets();
  if (rest.empty()) return std::nullopt;
  check_type(static_cast<std::uint8_t>(rest.front()));
  if (rest.size() < frame_head_size) return std::nullopt;
  Reader head{rest};
  Frame frame{.type = FrameType{head.octet()}, .channel = head.short_integer(), .payload = {}};
  const std::size_t size = head.long_integer();
  if (size + frame_overhead > frame_max_) {
    throw protocol_error(ReplyCode::frame_error,
                         fmt::format("a frame of {} octets, where {} are allowed",
                                     size + frame_overhead, frame_max_));
  }
  if (rest.size() < size + frame_overhead) {
    wanted_ = size + frame_overhead;
    return std::nullopt;
  }
  if (rest[frame_head_size + size] != frame_end) {
    throw protocol_error(ReplyCode::frame_error, "a frame that does not end where it should");
  }
  if (frame.type == FrameType::heartbeat && (frame.channel != 0 || size != 0)) {
    throw protocol_error(ReplyCode::frame_error, "a heartbeat with a channel or a payload");
  }
  frame.payload = rest.substr(frame_head_size, size);
  input_.used(size + frame_overhead);
  return frame;
}

void FrameParser::check_type(std::uint8_t type) const {
  switch (FrameType{type}) {
    case FrameType::method:
    case FrameType::header:
    case FrameType::body:
    case FrameType::heartbeat:
      return;
  }
  if (type == 'A') {
    throw protocol_error(ReplyCode::frame_error, "the peer speaks another version than AMQP 0-9-1");
  }
  throw protocol_error(ReplyCode::frame_error, fmt::format("a frame of the unknown type {}", type));
}

}  // namespace thane::rpc::amqp
