// Which service waits for which: LaunchOptions::after, checked.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace thane::internal {

/// For each of `names` the positions of those in its list of `after`. Throws std::invalid_argument
/// for a name that nobody has and for a circle, naming those in it.
[[nodiscard]] std::vector<std::vector<std::size_t>> start_order(
    const std::vector<std::string>& names, const std::vector<std::vector<std::string>>& after);

/// For each service how many others stand before it in the longest line; 0: it waits for none.
[[nodiscard]] std::vector<std::size_t> start_ranks(
    const std::vector<std::vector<std::size_t>>& order);

}  // namespace thane::internal
