#include "known_keys.hpp"

#include <algorithm>

#include <thane/internal/in_quotes.hpp>
#include <thane/internal/suggestion.hpp>
#include <thane/log.hpp>

namespace thane::wsgi {

void internal::warn_of_unknown(std::string_view part, const Settings& settings,
                               const std::vector<std::string>& known) {
  for (const auto& [key, value] : settings) {
    if (std::ranges::find(known, key) != known.end() || key.starts_with("oslo_config_")) continue;
    const auto meant = thane::internal::nearest(key, known);
    log::warning("{} has no setting {}{}", part, thane::internal::in_quotes(key),
                 meant.empty() ? "" : "; did you mean \"" + meant + "\"?");
  }
}

}  // namespace thane::wsgi
