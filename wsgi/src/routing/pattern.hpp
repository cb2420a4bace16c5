// Patterns of routes, taken apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <thane/wsgi/route_options.hpp>

namespace thane::wsgi::internal {

struct Part {
  enum class Kind : std::uint8_t {
    text,
    variable,  ///< {name}, :name, :(name)
    rest,      ///< *name, *(name)
    dotted,    ///< {.name}
  };
  Kind kind;
  std::string text;  ///< The text, or the variable's name.

  [[nodiscard]] bool is_text() const noexcept { return kind == Kind::text; }
  [[nodiscard]] bool is_text(std::string_view other) const noexcept {
    return is_text() && text == other;
  }
};

struct Pattern {
  std::vector<Part> parts;
  Requirements requirements;  ///< Those in the pattern itself.
};

enum class PatternSyntax : std::uint8_t {
  full,
  braces,  ///< ':' and '*' are text, as in addresses that are only generated.
};

/// What ends a variable that is written :name; each of them but '-' is text again.
inline constexpr std::string_view done_characters = "/,;.#";

/// Reads a pattern as Routes does. Throws std::invalid_argument for a variable that is not closed,
/// has no name, has one that is no identifier, or comes twice.
[[nodiscard]] Pattern parse_pattern(std::string_view pattern, PatternSyntax syntax);

}  // namespace thane::wsgi::internal
