// Dates as header fields write them.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace thane::wsgi::internal {

/// "Sun, 06 Nov 1994 08:49:37 GMT"
[[nodiscard]] std::string format_http_date(std::time_t time);

/// Reads the three forms of RFC 9110 5.6.7; nullopt for anything else. `now`: a year of two digits
/// is not more than 50 years after it.
[[nodiscard]] std::optional<std::time_t> parse_http_date(std::string_view text, std::time_t now);

}  // namespace thane::wsgi::internal
