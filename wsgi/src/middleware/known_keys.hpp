// Options of a Paste file that do nothing: most likely a typing error, so somebody is told.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include <thane/internal/in_quotes.hpp>
#include <thane/log.hpp>
#include <thane/wsgi/settings.hpp>

namespace thane::wsgi::internal {

/// Warns of each key of `settings` that is not one of `known`. No error: files that Python's parts
/// were told more in have to load.
inline void warn_of_unknown(std::string_view part, const Settings& settings,
                            std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : settings) {
    if (std::ranges::find(known, key) != known.end()) continue;
    log::warning("{}: there is no option {}, it does nothing; there are: {}", part,
                 thane::internal::in_quotes(key), fmt::format("{}", fmt::join(known, ", ")));
  }
}

}  // namespace thane::wsgi::internal
