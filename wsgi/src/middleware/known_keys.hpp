// Settings of a Paste file that do nothing: most likely a typing error, so somebody is told.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <thane/wsgi/settings.hpp>

namespace thane::wsgi::internal {

/// Warns of each key of `settings` that is not one of `known`. No error: files that Python's parts
/// were told more in have to load. The words of oslo.config are for all parts.
void warn_of_unknown(std::string_view part, const Settings& settings,
                     const std::vector<std::string>& known);

}  // namespace thane::wsgi::internal
