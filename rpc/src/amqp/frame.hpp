// Frames: cut out of the octets that come, put around those that go.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol.hpp"
#include "wire.hpp"

namespace thane::rpc::amqp {

struct Frame {
  FrameType type = FrameType::heartbeat;
  ChannelId channel = 0;
  std::string_view payload;

  friend bool operator==(const Frame&, const Frame&) = default;
};

/// Takes octets as they come, in pieces of any size, and gives whole frames.
class FrameParser {
 public:
  /// `frame_max`: the most octets that a frame may have, with all that belongs to it.
  explicit FrameParser(std::uint32_t frame_max) noexcept : frame_max_(frame_max) {}

  void set_frame_max(std::uint32_t frame_max) noexcept { frame_max_ = frame_max; }

  /// To be called when next() has nothing more. Frames given before are void from then on.
  void feed(std::string_view octets);

  /// The next frame, once all of it is there. Throws protocol_error 501 for what is no frame, and
  /// for a peer that answers with a protocol header: it speaks another version.
  [[nodiscard]] std::optional<Frame> next();

 private:
  void check_type(std::uint8_t type) const;

  std::uint32_t frame_max_;
  std::string buffer_;
  std::size_t read_ = 0;  // So much of the buffer has been given out.
};

/// Appends a frame whose payload `write(Writer&)` appends. If it throws, nothing was appended.
template <class Write>
void write_frame_of(std::string& to, FrameType type, ChannelId channel, Write write) {
  const std::size_t begin = to.size();
  try {
    Writer writer{to};
    writer.octet(static_cast<std::uint8_t>(type));
    writer.short_integer(channel);
    const auto size = writer.begin_size();
    write(writer);
    writer.end_size(size);
    to.push_back(frame_end);
  } catch (...) {
    to.resize(begin);
    throw;
  }
}

}  // namespace thane::rpc::amqp
