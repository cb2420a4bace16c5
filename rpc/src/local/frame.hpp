// Messages in a stream of octets between two processes of one machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "../input_buffer.hpp"

namespace thane::rpc::internal {

enum class FrameKind : std::uint32_t {
  /// Server to client, first: process `id` has taken the connection, one of `expires` that might.
  hello = 1,
  call,       ///< Client to server; the payload of a call.
  cast,       ///< Client to server, answered by `taken`.
  reply,      ///< Server to client; the payload of an answer.
  heartbeat,  ///< Server to client: the call is at work.
  lost,       ///< Server to client: there will be no answer to the call.
  taken,      ///< Server to client: the cast has arrived.
  drain,      ///< Server to client: send no more here, and close your side.
};

struct Frame {
  FrameKind kind{};
  std::uint64_t id = 0;  ///< Chosen by the client; what answers it has the same.
  /// After it nobody waits for an answer: CLOCK_MONOTONIC, ns, which all processes share.
  std::int64_t expires = std::numeric_limits<std::int64_t>::max();
  std::string_view payload{};
};

/// The limit of one payload, in octets: who sends more is a fault, not a client.
inline constexpr std::size_t most_frame_octets = 256 * 1024 * 1024;

/// Appends a frame without payload, or with that of a JSON value. Throws std::length_error.
void append_frame(std::string& out, const Frame& frame);
void append_frame(std::string& out, const Frame& frame, const nlohmann::json& payload);

/// Finds the frames in what was read.
///
///     const auto count = read(reader.space());
///     reader.filled(count);
///     while (const auto frame = reader.next()) use(*frame);
class FrameReader {
 public:
  /// Where to read to; never empty. Invalidates payloads.
  [[nodiscard]] std::span<char> space() { return input_.space(wanted_); }
  void filled(std::size_t count) noexcept { input_.filled(count); }
  /// The next whole frame, if there is one; its payload lives until space(). Throws
  /// std::invalid_argument for what is no frame.
  [[nodiscard]] std::optional<Frame> next();

 private:
  InputBuffer input_;
  std::size_t wanted_ = 0;  // Octets of the frame that is not whole yet.
};

}  // namespace thane::rpc::internal
