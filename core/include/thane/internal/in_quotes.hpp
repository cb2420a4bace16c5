// A value from outside, as messages repeat it.
#pragma once

#include <string>
#include <string_view>

namespace thane::internal {

/// In double quotes, on one line, cut if it is long: fit for a message.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace thane::internal
