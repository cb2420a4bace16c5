// A Mapper in front of one application, which learns what was matched.
#pragma once

#include <cstddef>
#include <memory>

#include <thane/wsgi/application.hpp>
#include <thane/wsgi/mapper.hpp>

namespace thane::wsgi {

struct RoutesMiddlewareOptions {
  /// `_method` in the query, or in the form of a POST, goes before the method for matching.
  bool method_override = true;
  /// The variable {path_info:.*} becomes path(), and what stands before it script_name().
  bool path_info = true;
  /// Octets of a form that are searched for `_method`; a larger form has none.
  std::size_t max_form = 65536;
};

/// What Routes calls RoutesMiddleware: calls `application` for each request, with its route if
/// `mapper` has one, else with none; the application then says 404 itself. Answers redirects.
/// The request's method stays what it is, and so does its body.
///
///     auto mapper = std::make_shared<wsgi::Mapper>();
///     mapper->resource("item", "items");
///     auto application = wsgi::routes_middleware(mapper, [](wsgi::Request& request) {
///       if (request.route() == nullptr) return wsgi::Response{404};
///       return wsgi::Response::text(request.path_arg("action"));
///     });
[[nodiscard]] Application routes_middleware(std::shared_ptr<const Mapper> mapper,
                                            Application application,
                                            RoutesMiddlewareOptions options = {});

}  // namespace thane::wsgi
