// How to serve, from Swift's words to thane's options.
#pragma once

#include <string>
#include <vector>

#include <thane/config.hpp>
#include <thane/wsgi/settings.hpp>

namespace thane::internal {

inline constexpr const char* server_group = "server";

/// `own`: options that may be there under their own names, of [DEFAULT] and of the server's group.
/// `origin`: the file. Throws config_error for a number of workers that is none.
[[nodiscard]] std::vector<Config::Value> values_from(const wsgi::Settings& settings,
                                                     const std::vector<OptGroup>& own,
                                                     const std::string& origin);

}  // namespace thane::internal
