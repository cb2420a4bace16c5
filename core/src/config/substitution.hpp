// $name and ${group.name} in values.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace thane::internal {

struct Substituted {
  std::string text;
  std::string error;  ///< Empty: none.
};

/// Answers the value of the option "name" or "group.name"; nothing if there is none.
using Lookup = std::function<std::optional<std::string>(const std::string& name)>;

/// Replaces $name, ${name} and ${group.name}; $$ becomes $. A dollar sign before anything else
/// stands for itself, as in oslo.config. The result is limited to 64 KiB: references to references
/// can grow without end.
[[nodiscard]] Substituted substitute(std::string_view text, const Lookup& lookup);

/// The text that substitute() turns into `text`.
[[nodiscard]] std::string escape_dollars(std::string_view text);

}  // namespace thane::internal
