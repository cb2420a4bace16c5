// A Controller as an application: from the arguments of a route to a method, and back to JSON.
#pragma once

#include <memory>

#include <thane/wsgi/application.hpp>
#include <thane/wsgi/controller.hpp>

namespace thane::wsgi {

/// Calls the method that the route's argument "action" names; "action" itself, which POST
/// /id/action leads to, is one that the body names: {"os-extend": {...}}. By cinder's rules:
///
/// - A body counts if its Content-Type is application/json or application/vnd.openstack.*+json;
///   without a Content-Type it is as if it were not there; another one is fault 415.
/// - 400: a body that is no JSON, an action that nobody has or more than one of them, a project_id
///   in the path that is not the one that a filter has left as attribute "context.project_id"
///   (a std::string). 404: a method that the controller does not have.
/// - What is thrown: see Controller. Everything else leaves it as it is.
///
///     router.mount(table, wsgi::Resource{volumes});
///
/// Mostly an ApiRouter makes it. Copies share one table.
class Resource {
 public:
  explicit Resource(const Controller& controller);
  Response operator()(Request& request) const;

  static constexpr int max_json_depth = 100;  ///< Of a body; beyond: 400.

 private:
  struct Table;
  std::shared_ptr<const Table> table_;
};

}  // namespace thane::wsgi
