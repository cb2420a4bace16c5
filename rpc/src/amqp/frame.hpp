// Frames: cut out of the octets that come, put around those that go.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "input_buffer.hpp"
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

  /// Where to put octets that come, once next() has nothing more; never empty. Frames given before
  /// are void from then on.
  [[nodiscard]] std::span<char> space() { return input_.space(wanted_); }
  void filled(std::size_t count) noexcept { input_.filled(count); }
  /// The same for octets that are somewhere else.
  void feed(std::string_view octets);

  /// The next frame, once all of it is there. Throws protocol_error 501 for what is no frame, and
  /// for a peer that answers with a protocol header: it speaks another version.
  [[nodiscard]] std::optional<Frame> next();

 private:
  void check_type(std::uint8_t type) const;

  std::uint32_t frame_max_;
  rpc::internal::InputBuffer input_;
  std::size_t wanted_ = 0;  // Octets of the frame that is not whole yet, if that is known.
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
