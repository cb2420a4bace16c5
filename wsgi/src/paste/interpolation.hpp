// %(name)s in values of a Paste file, as Python's BasicInterpolation has it.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace thane::wsgi::internal {

/// The value of a name, itself not yet interpolated; nullopt if it stands for nothing.
using RawValue = std::function<std::optional<std::string_view>(std::string_view name)>;

struct Interpolated {
  std::string value;
  std::string error;  ///< What is wrong, as the end of a sentence; empty: nothing.
};

constexpr std::size_t deepest_interpolation = 10;           ///< Python's MAX_INTERPOLATION_DEPTH.
constexpr std::size_t largest_interpolation = 1024 * 1024;  ///< Octets read for one value.

/// Replaces %(name)s by what the name stands for, and %% by %. Any other % is an error, as are
/// more than `deepest_interpolation` values that refer to one another.
[[nodiscard]] Interpolated interpolate(std::string_view raw, const RawValue& raw_value);

}  // namespace thane::wsgi::internal
