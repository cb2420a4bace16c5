// How Paste files name things: references with a scheme, and factories.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace thane::wsgi::internal {

/// "config:api.ini#main" in its parts.
struct Reference {
  std::string scheme;               ///< In lower case; empty: there is none.
  std::string path;                 ///< Between ':' and '#', as it stands.
  std::optional<std::string> name;  ///< Behind the '#'.
};

[[nodiscard]] Reference parse_reference(std::string_view text);

/// True if it begins with letters and a colon: then it is a reference, and no section's name.
[[nodiscard]] bool has_scheme(std::string_view name);

/// "MODULE:ATTRIBUTE" out of the value of a key paste.*_factory, as Python reads entry points:
/// blanks around the parts and [extras] behind them do not count. nullopt: it is none.
[[nodiscard]] std::optional<std::string> factory_spec(std::string_view value);

/// The name of a distribution as Python compares it (PEP 503): "Paste.Script" is "paste-script".
[[nodiscard]] std::string canonical_distribution(std::string_view name);

/// A factory's name as it is compared: of an egg, the distribution made canonical and "#main" added
/// if there is no name.
[[nodiscard]] std::string canonical_spec(std::string_view spec);

}  // namespace thane::wsgi::internal
