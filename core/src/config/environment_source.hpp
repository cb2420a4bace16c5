// Options from environment variables: THANE_NAME, THANE_GROUP__NAME.
#pragma once

#include <string>
#include <vector>

#include "assignment.hpp"

namespace thane::internal {

inline constexpr std::string_view variable_prefix = "THANE_";

/// `environment` holds "NAME=value". A THANE_ variable that is no option is a warning only: it may
/// be meant for another program that was started with the same environment.
[[nodiscard]] Layer layer_from_environment(const OptRegistry& registry,
                                           const std::vector<std::string>& environment,
                                           Warnings& warnings);

/// The variables of this process that are for options.
[[nodiscard]] std::vector<std::string> process_environment();

}  // namespace thane::internal
