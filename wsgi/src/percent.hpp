// Percent-encoding, undone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace thane::wsgi::internal {

enum class Plus : std::uint8_t {
  literal,  ///< In a path.
  space,    ///< In an HTML form's query.
};

/// Decodes once. A '%' without two hexadecimal digits behind it stays as it is.
[[nodiscard]] std::string percent_decode(std::string_view text, Plus plus);

/// Encodes what may not stand in a path as it is.
[[nodiscard]] std::string percent_encode(std::string_view path);

}  // namespace thane::wsgi::internal
