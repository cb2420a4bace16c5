// Option values as text, and back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <thane/internal/in_quotes.hpp>
#include <thane/opt.hpp>

#include "opt_definition.hpp"

namespace thane::internal {

/// A value, or what is wrong with the text it was to be read from.
struct ParsedValue {
  OptValue value;
  std::string error;  ///< Empty: none.
};

/// Reads a value of the option's type and checks it against the limits of the option. `texts` has
/// one element, or for a list one for each time that the key was repeated.
[[nodiscard]] ParsedValue parse_value(const OptDefinition& option,
                                      const std::vector<std::string>& texts);

/// What is wrong with a value that has the option's type; empty if nothing.
[[nodiscard]] std::string check_limits(const OptDefinition& option, const OptValue& value);

/// As it would stand in a file, dollar signs apart.
[[nodiscard]] std::string to_text(const OptValue& value);

/// "an integer", "a duration such as 60 or 500ms": for messages and documents.
[[nodiscard]] std::string_view type_phrase(const OptValue& value);

[[nodiscard]] std::string_view strip(std::string_view text);

}  // namespace thane::internal
