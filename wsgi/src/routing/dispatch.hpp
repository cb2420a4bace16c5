// What becomes of a request whose route is found: for the router and the middleware.
#pragma once

#include <thane/wsgi/mapper.hpp>
#include <thane/wsgi/request.hpp>
#include <thane/wsgi/response.hpp>

namespace thane::wsgi::internal {

/// The answer that sends the client where a redirect leads.
[[nodiscard]] Response redirect_response(const Mapper& mapper, const RouteMatch& match,
                                         const Request& request);

/// If the route has a variable path_info, its value becomes the path, and what stands before it the
/// end of the script name (RoutesMiddleware of Routes).
void move_path_info(Request& request, const RouteMatch& match);

}  // namespace thane::wsgi::internal
