// The options of an API by its name, and what they make of its server.
#pragma once

#include <string>

#include <thane/config.hpp>
#include <thane/wsgi/server_options.hpp>

namespace thane::wsgi::internal {

inline constexpr const char* shared_group = "wsgi";

/// "osapi_volume", "listen" -> "osapi_volume_listen".
[[nodiscard]] std::string api_option(const std::string& name, const char* what);

/// Throws std::out_of_range if the program has registered no options for it.
[[nodiscard]] ServerOptions api_server_options_from(const Snapshot& snapshot,
                                                    const std::string& name);
[[nodiscard]] bool has_api_options(const Snapshot& snapshot, const std::string& name);

}  // namespace thane::wsgi::internal
