// URLs of routes: the other direction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <thane/wsgi/route_arguments.hpp>

#include "routing/route.hpp"

namespace thane::wsgi::internal {

/// The path, and query if there are arguments that the route has no place for; nullopt if one is
/// missing, contradicts a default or does not meet its requirement.
[[nodiscard]] std::optional<std::string> generate(const Route& route, RouteArguments arguments);

/// The routes to try for these arguments, the one that fits best first.
[[nodiscard]] std::vector<const Route*> routes_for(const std::vector<const Route*>& routes,
                                                   const RouteArguments& arguments);

}  // namespace thane::wsgi::internal
