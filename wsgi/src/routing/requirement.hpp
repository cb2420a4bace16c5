// Regular expressions that need no engine: what most requirements are.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thane::wsgi::internal {

using OctetSet = std::bitset<256>;

enum class Appetite : std::uint8_t {
  lazy,    ///< As few octets as possible.
  greedy,  ///< As many as possible.
};

/// Between `least` and `most` octets of a set.
struct Run {
  OctetSet octets;
  std::size_t least = 1;
  std::size_t most = std::numeric_limits<std::size_t>::max();
  Appetite appetite = Appetite::lazy;
  bool no_backslash_last = false;  ///< What resources require of an {id}.
};

/// All octets but those in `excluded`.
[[nodiscard]] OctetSet all_but(std::string_view excluded);

/// The run that an expression of ASCII stands for, as \d+ or [^/]+? or .*; nullopt if it is more
/// than that. Right for subjects of ASCII.
[[nodiscard]] std::optional<Run> run_of(std::string_view expression);

/// The words of an expression like json|xml; nullopt if it is another one.
[[nodiscard]] std::optional<std::vector<std::string>> words_of(std::string_view expression);

/// False if nothing that the expression matches holds a '/'. Says true when in doubt.
[[nodiscard]] bool may_hold_slash(std::string_view expression);

}  // namespace thane::wsgi::internal
