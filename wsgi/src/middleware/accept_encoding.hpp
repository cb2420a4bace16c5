// Which content codings a client can take: RFC 9110 12.5.3.
#pragma once

#include <string_view>

namespace thane::wsgi::internal {

/// True if the list has gzip with a weight that is above zero and not below that of no coding at
/// all. Elements that are malformed do not count.
[[nodiscard]] bool prefers_gzip(std::string_view accept_encoding);

}  // namespace thane::wsgi::internal
