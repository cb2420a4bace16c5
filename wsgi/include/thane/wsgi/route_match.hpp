// What a table of routes says of a path.
#pragma once

#include <cstddef>
#include <string_view>

#include <thane/wsgi/route_arguments.hpp>

namespace thane::wsgi {

/// The route that a path belongs to, and what it holds. The views live as long as the table.
struct RouteMatch {
  /// The variables of the pattern in their order, then the route's defaults.
  RouteArguments arguments = {};
  std::string_view name = {};         ///< Empty for a route without one.
  std::string_view pattern = {};      ///< As it was connected, with the prefixes.
  std::size_t position = 0;           ///< Of the route in its table: 0 for the first connected.
  int redirect_status = 0;            ///< 0: no redirect. See Mapper::redirect().
  std::string_view destination = {};  ///< The pattern that a redirect leads to.
};

}  // namespace thane::wsgi
