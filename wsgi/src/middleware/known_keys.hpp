// A typing error in a Paste file is an error, and not an option that does nothing.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <stdexcept>
#include <string_view>

#include <thane/internal/in_quotes.hpp>
#include <thane/wsgi/settings.hpp>

namespace thane::wsgi::internal {

/// Throws std::invalid_argument for a key of `settings` that is not one of `known`.
inline void check_keys(const Settings& settings, std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : settings) {
    if (std::ranges::find(known, key) != known.end()) continue;
    throw std::invalid_argument(fmt::format("there is no option {}; there are: {}",
                                            thane::internal::in_quotes(key),
                                            fmt::join(known, ", ")));
  }
}

}  // namespace thane::wsgi::internal
