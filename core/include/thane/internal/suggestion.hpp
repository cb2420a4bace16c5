// "did you mean": the known name that a wrong one was probably meant to be.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace thane::internal {

/// How many letters have to be inserted, removed, replaced or swapped with the next one.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The nearest of `known`; empty if none is near enough to be worth a word. Case and the difference
/// of - and _ count for nothing.
[[nodiscard]] std::string nearest(std::string_view wrong, const std::vector<std::string>& known);

}  // namespace thane::internal
