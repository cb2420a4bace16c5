// What of a text can stand between the quotes of JSON as it is.
#pragma once

#include <cstddef>
#include <string_view>

namespace thane::internal {

/// How many octets at the beginning stand in the text of JSON as they are, and are ASCII: neither
/// control characters nor quotes nor backslashes.
[[nodiscard]] std::size_t plain_prefix(std::string_view text) noexcept;

}  // namespace thane::internal
