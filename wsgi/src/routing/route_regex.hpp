// Regular expressions for whole routes, as Routes builds them.
#pragma once

#include <string>
#include <vector>

#include <thane/wsgi/route_options.hpp>

#include "routing/pattern.hpp"

namespace thane::wsgi::internal {

/// What an expression for a route is made of.
struct RouteText {
  const std::vector<Part>& parts;
  const Requirements& requirements;
  const RouteArguments& defaults;
  const std::vector<std::string>& controllers;
};

/// What the variable has to be; empty if nothing is said.
[[nodiscard]] std::string requirement_of(const RouteText& route, const Part& part);

/// Each part of the pattern has to be in the path. Variables are groups in their order.
[[nodiscard]] std::string full_regex(const RouteText& route);

/// Variables with defaults may be missing at the end, and so may the last '/'.
[[nodiscard]] std::string minimized_regex(const RouteText& route);

}  // namespace thane::wsgi::internal
