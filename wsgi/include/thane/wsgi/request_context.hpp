// What routers and filters leave with a request for the applications further in.
#pragma once

#include <any>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <thane/wsgi/route_match.hpp>

namespace thane::wsgi {

/// The part of a Request that applications may write. Costs one pointer where nobody does. What it
/// hands out lives as long as the request, or until it is replaced.
///
///     request.set_attribute("session.user", std::string{"ann"});     // in a filter
///     const auto* user = request.attribute<std::string>("session.user");  // further in
class RequestContext {
 public:
  /// The argument `name` that the route found in the path, or has as a default: {"id"} of
  /// "/items/{id}". Empty for an optional part that was not there. Throws std::out_of_range for
  /// a name that the route does not have, and without a route.
  [[nodiscard]] const std::string& path_arg(std::string_view name) const;
  /// All of them; empty without a route.
  [[nodiscard]] const RouteArguments& path_args() const noexcept;
  /// The route's name; empty if it has none, or there is no route.
  [[nodiscard]] std::string_view route_name() const noexcept;
  /// The innermost route so far; nullptr if no router has found one.
  [[nodiscard]] const RouteMatch* route() const noexcept;
  /// For routers. nullopt: there is no route.
  void set_route(std::optional<RouteMatch> match);

  /// Leaves a value, in the place of one with that name. Names of filters begin with their own, as
  /// "request_id.value".
  void set_attribute(std::string_view name, std::any value);
  /// The value left under `name`; nullptr if there is none, or one of another type than T.
  template <class T>
  [[nodiscard]] T* attribute(std::string_view name) noexcept {
    return std::any_cast<T>(find(name));
  }
  template <class T>
  [[nodiscard]] const T* attribute(std::string_view name) const noexcept {
    return std::any_cast<T>(static_cast<const std::any*>(find(name)));
  }

 protected:
  RequestContext() noexcept;
  ~RequestContext();
  RequestContext(const RequestContext&) = delete;
  RequestContext& operator=(const RequestContext&) = delete;

 private:
  [[nodiscard]] std::any* find(std::string_view name) const noexcept;

  struct Notes;
  Notes& notes();
  std::unique_ptr<Notes> notes_;
};

}  // namespace thane::wsgi
