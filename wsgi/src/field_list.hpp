// Field values that are lists, be they in one field or in several.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <thane/wsgi/request.hpp>

#include "characters.hpp"

namespace thane::wsgi::internal {

/// The values of all fields with that name, joined by commas (RFC 9110 5.3); nullopt without one.
/// `lower_name` is in lower case.
inline std::optional<std::string> joined_fields(const Request& request,
                                                std::string_view lower_name) {
  std::optional<std::string> all;
  for (const auto& field : request.headers()) {
    if (!equals_lower(field.name, lower_name)) continue;
    if (all)
      all->append(",").append(field.value);
    else
      all = field.value;
  }
  return all;
}

/// The only field with that name; nullopt without one, and if there are several.
inline std::optional<std::string_view> only_field(const Request& request,
                                                  std::string_view lower_name) {
  std::optional<std::string_view> found;
  for (const auto& field : request.headers()) {
    if (!equals_lower(field.name, lower_name)) continue;
    if (found) return std::nullopt;
    found = field.value;
  }
  return found;
}

/// Calls `use` for each element between commas, without white space around it; empty ones are left
/// out (RFC 9110 5.6.1). For lists whose elements hold no quoted strings.
template <class Use>
void for_each_element(std::string_view list, Use use) {
  while (!list.empty()) {
    const std::size_t end = list.find(',');
    const std::string_view element = trim(list.substr(0, end));
    if (!element.empty()) use(element);
    if (end == list.npos) return;
    list.remove_prefix(end + 1);
  }
}

}  // namespace thane::wsgi::internal
