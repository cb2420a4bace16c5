// The chunked transfer coding, decoded strictly and piece by piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace thane::wsgi::internal {

/// Decodes one chunked body from octets as they arrive. A value with no I/O.
///
///     ChunkedDecoder decoder;
///     while (decoder.state() == ChunkedDecoder::State::more) {
///       const auto step = decoder.decode(input);   // input must not be empty.
///       use(step.data);                            // A view into input; may be empty.
///       input.remove_prefix(step.consumed);
///     }
///
/// RFC 9112 7.1 with nothing added: lines end with CRLF, sizes are hexadecimal digits and fit 63
/// bits, extensions and trailers are well-formed and bounded. Both are then ignored.
class ChunkedDecoder {
 public:
  enum class State : std::uint8_t { more, done, bad };

  struct Step {
    std::size_t consumed = 0;
    std::string_view data;
  };

  /// Octets of all chunk lines' extensions together, and of the trailer section.
  static constexpr std::size_t max_overhead = 16384;

  /// Consumes framing up to and including the next piece of data, or all of the input.
  [[nodiscard]] Step decode(std::string_view input);

  [[nodiscard]] State state() const noexcept { return state_; }

 private:
  enum class At : std::uint8_t {
    size_start,
    size,
    extension,
    extension_name_start,
    extension_name,
    extension_equals,
    extension_value_start,
    extension_token,
    extension_quoted,
    extension_escaped,
    extension_end,
    size_line_feed,
    data,
    data_return,
    data_line_feed,
    trailer_start,
    trailer_name,
    trailer_value,
    trailer_line_feed,
    last_line_feed,
  };

  void step(char c);
  void step_size(char c);
  void step_extension(char c);
  void step_extension_value(char c, bool token);
  void step_trailer(char c);
  void fail() noexcept { state_ = State::bad; }

  State state_ = State::more;
  At at_ = At::size_start;
  std::uint64_t remaining_ = 0;
  std::size_t overhead_ = 0;
};

}  // namespace thane::wsgi::internal
