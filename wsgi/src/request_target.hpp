// Request targets and hosts: the grammar of RFC 9112 3.2 and RFC 3986 3.2.
#pragma once

#include <string_view>

#include "request_head.hpp"

namespace thane::wsgi::internal {

/// uri-host [":" port]. An empty text is not a host.
[[nodiscard]] bool is_valid_host(std::string_view text);

/// Takes head.target apart into form, path, query and authority, by head.method. `secure`: it came
/// over TLS. Returns 0, or the status to refuse the request with.
[[nodiscard]] int split_target(RequestHead& head, bool secure);

}  // namespace thane::wsgi::internal
