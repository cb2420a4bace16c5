#include "frame.hpp"

#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "../json_text.hpp"

namespace thane::rpc::internal {

namespace {

// In the machine's own byte order: it never leaves the machine.
struct Header {
  std::uint32_t size;
  std::uint32_t kind;
  std::uint64_t id;
  std::int64_t expires;
};
static_assert(sizeof(Header) == 24);

std::size_t begin_frame(std::string& out) {
  const std::size_t at = out.size();
  out.append(sizeof(Header), '\0');
  return at;
}

void end_frame(std::string& out, std::size_t at, const Frame& frame) {
  const std::size_t size = out.size() - at - sizeof(Header);
  if (size > most_frame_octets) {
    out.resize(at);
    throw std::length_error("a message of " + std::to_string(size) + " octets is too long");
  }
  const Header header{.size = static_cast<std::uint32_t>(size),
                      .kind = static_cast<std::uint32_t>(frame.kind),
                      .id = frame.id,
                      .expires = frame.expires};
  std::memcpy(out.data() + at, &header, sizeof header);
}

}  // namespace

void append_frame(std::string& out, const Frame& frame) {
  const std::size_t at = begin_frame(out);
  out += frame.payload;
  end_frame(out, at, frame);
}

void append_frame(std::string& out, const Frame& frame, const nlohmann::json& payload) {
  const std::size_t at = begin_frame(out);
  encode_to(out, payload);
  end_frame(out, at, frame);
}

std::optional<Frame> FrameReader::next() {
  wanted_ = 0;
  const std::string_view octets = input_.octets();
  if (octets.size() < sizeof(Header)) return std::nullopt;
  Header header{};
  std::memcpy(&header, octets.data(), sizeof header);
  const bool known = header.kind >= static_cast<std::uint32_t>(FrameKind::hello) &&
                     header.kind <= static_cast<std::uint32_t>(FrameKind::drain);
  if (!known) throw std::invalid_argument("a frame of kind " + std::to_string(header.kind));
  if (header.size > most_frame_octets) {
    throw std::invalid_argument("a frame of " + std::to_string(header.size) + " octets");
  }
  const std::size_t whole = sizeof header + header.size;
  if (octets.size() < whole) {
    wanted_ = whole;
    return std::nullopt;
  }
  const Frame frame{.kind = static_cast<FrameKind>(header.kind),
                    .id = header.id,
                    .expires = header.expires,
                    .payload = octets.substr(sizeof header, header.size)};
  input_.used(whole);
  return frame;
}

}  // namespace thane::rpc::internal
