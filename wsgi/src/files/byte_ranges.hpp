// Which parts of a body a request asks for: RFC 9110 section 14.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace thane::wsgi::internal {

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t size = 0;

  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

struct WantedRanges {
  enum class Kind : std::uint8_t {
    all,            ///< The field does not count: all of the body is the answer.
    some,           ///< These.
    unsatisfiable,  ///< 416
  };
  Kind kind = Kind::all;
  std::vector<ByteRange> ranges = {};  ///< Not empty for `some`; in the order of the request.
};

/// Reads a Range field for a body of `size` octets. It does not count if its unit is not "bytes",
/// if it is malformed, if it has more than `most` ranges, and if they overlap so that together
/// they are more than the body: a small request would make a large answer.
[[nodiscard]] WantedRanges parse_byte_ranges(std::string_view field, std::uint64_t size,
                                             std::size_t most);

}  // namespace thane::wsgi::internal
