// Absolute URLs of what an API serves, as its answers name them.
#pragma once

#include <string>
#include <string_view>

#include <thane/wsgi/request.hpp>

namespace thane::wsgi {

/// "http://host:8776/v2" + `path`: scheme and host as the client has asked for them, and where the
/// application is mounted. `path` begins with '/' and is encoded by whoever made it.
/// `public_endpoint`, "https://api.example.com/volume", stands in the place of scheme and host, if
/// it is not empty.
[[nodiscard]] std::string link_to(const Request& request, std::string_view path,
                                  std::string_view public_endpoint = {});

}  // namespace thane::wsgi
