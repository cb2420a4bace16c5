// What a client would rather have: Accept, RFC 9110 12.5.1.
#pragma once

#include <string_view>

namespace thane::wsgi::internal {

/// How much the header wants `type`, "text/plain" say, from 0 to 1000. The most exact of the ranges
/// that it names counts; what it does not name it does not want.
[[nodiscard]] int media_quality(std::string_view header, std::string_view type);

}  // namespace thane::wsgi::internal
