// Which source wins, and what the value is.
#pragma once

#include <string>
#include <vector>

#include "assignment.hpp"

namespace thane::internal {

/// The values of all options.
struct Resolved {
  std::vector<OptValue> values;      ///< One for each registered option.
  std::vector<std::string> origins;  ///< Likewise.
};

/// `layers` from the weakest to the strongest. Replaces $name and ${group.name}, reads each value
/// as its type and checks its limits. Pure. Throws config_error.
[[nodiscard]] Resolved resolve(const OptRegistry& registry, const std::vector<Layer>& layers);

}  // namespace thane::internal
