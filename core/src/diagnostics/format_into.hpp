// Formatted text where nothing may be allocated.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

namespace thane::internal {

/// The text, in `out`, cut where that ends. Safe in signal handlers for numbers, characters and
/// strings: fmt allocates for none of these.
template <class... Args>
std::string_view format_into(std::span<char> out, fmt::format_string<Args...> format,
                             Args&&... args) noexcept {
  try {
    const auto end = fmt::format_to_n(out.data(), out.size(), format, std::forward<Args>(args)...);
    return {out.data(), std::min(end.size, out.size())};
  } catch (...) {  // Not with formats that were checked by the compiler.
    return {};
  }
}

}  // namespace thane::internal
