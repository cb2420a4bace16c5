// Text as Python's str sees it: characters rather than octets, white space beyond ASCII.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace thane::wsgi::internal {

/// All functions but the first expect UTF-8. White space is what str.isspace() takes for it.
///
/// Where the first octet stands that is not UTF-8, by the rules of RFC 3629; nullopt if none is.
[[nodiscard]] std::optional<std::size_t> find_bad_utf8(std::string_view text);

[[nodiscard]] std::string_view strip_end(std::string_view text);
[[nodiscard]] std::string_view strip_space(std::string_view text);

/// How many characters of white space it begins with.
[[nodiscard]] std::size_t leading_spaces(std::string_view text);

/// What is between white space.
[[nodiscard]] std::vector<std::string_view> split_words(std::string_view text);

}  // namespace thane::wsgi::internal
