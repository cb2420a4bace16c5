// What a table of routes says, as one line that a test can compare.
#pragma once

#include <string>
#include <string_view>

#include <thane/wsgi/mapper.hpp>

namespace thane::testing {

/// "id=7 format=None action=show", or "no match".
inline std::string text_of(const wsgi::Mapper& mapper, std::string_view path,
                           std::string_view method = {}) {
  const auto match = mapper.match(path, method);
  if (!match) return "no match";
  std::string text;
  for (const auto& [name, value] : match->arguments) {
    text += (text.empty() ? "" : " ") + name + "=" + value.value_or("None");
  }
  return text;
}

}  // namespace thane::testing
