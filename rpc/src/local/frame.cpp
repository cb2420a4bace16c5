#include "frame.hpp"

#include <algorithm>
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

constexpr std::size_t usual_buffer = 64 * 1024;
constexpr std::size_t least_space = 4 * 1024;

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

std::span<char> FrameReader::space() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == 0 && buffer_.size() > usual_buffer) buffer_ = {};  // After a long one.
  const std::size_t least = std::max({usual_buffer, wanted_, end_ + least_space});
  if (buffer_.size() < least) buffer_.resize(least);
  return std::span{buffer_}.subspan(end_);
}

std::optional<Frame> FrameReader::next() {
  wanted_ = 0;
  if (end_ - begin_ < sizeof(Header)) return std::nullopt;
  Header header{};
  std::memcpy(&header, buffer_.data() + begin_, sizeof header);
  const bool known = header.kind >= static_cast<std::uint32_t>(FrameKind::hello) &&
                     header.kind <= static_cast<std::uint32_t>(FrameKind::drain);
  if (!known) throw std::invalid_argument("a frame of kind " + std::to_string(header.kind));
  if (header.size > most_frame_octets) {
    throw std::invalid_argument("a frame of " + std::to_string(header.size) + " octets");
  }
  const std::size_t whole = sizeof header + header.size;
  if (end_ - begin_ < whole) {
    wanted_ = whole;
    return std::nullopt;
  }
  const Frame frame{.kind = static_cast<FrameKind>(header.kind),
                    .id = header.id,
                    .expires = header.expires,
                    .payload = {buffer_.data() + begin_ + sizeof header, header.size}};
  begin_ += whole;
  return frame;
}

}  // namespace thane::rpc::internal
