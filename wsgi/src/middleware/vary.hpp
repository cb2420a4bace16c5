// What an answer depends on, for caches.
#pragma once

#include <string>
#include <string_view>

#include <thane/wsgi/response.hpp>

#include "../characters.hpp"
#include "../field_list.hpp"

namespace thane::wsgi::internal {

/// Adds `name` to Vary, unless it is there. `lower_name` is the same in lower case.
inline void add_vary(Response& response, std::string_view name, std::string_view lower_name) {
  bool there = false;
  for (const auto& [field, value] : response.headers()) {
    if (!equals_lower(field, "vary")) continue;
    for_each_element(value, [&](std::string_view element) {
      there = there || element == "*" || equals_lower(element, lower_name);
    });
  }
  if (!there) response.add_header("Vary", name);
}

}  // namespace thane::wsgi::internal
