// Percent-encoding, done and undone.
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

enum class Kept : std::uint8_t {
  path,  ///< Letters, digits and "_.-~/".
  form,  ///< The same without '/'; a space becomes '+'.
};

[[nodiscard]] std::string percent_encode(std::string_view text, Kept kept);

}  // namespace thane::wsgi::internal
