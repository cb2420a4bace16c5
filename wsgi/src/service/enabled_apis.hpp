// The names in enabled_apis, one after the other.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include <thane/config.hpp>

namespace thane::wsgi::internal {

/// Calls `use` for each; logs a warning for a name that the program does not have, or for which
/// `use` throws app_not_found_error. Returns how many are left.
std::size_t for_each_enabled_api(const Config& config,
                                 const std::function<void(const std::string& name)>& use);

}  // namespace thane::wsgi::internal
