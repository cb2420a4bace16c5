// Handlers by path and method: the application that most programs begin with.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <thane/wsgi/application.hpp>
#include <thane/wsgi/mapper.hpp>

namespace thane::wsgi {

struct HandlerOptions {
  std::string name = {};           ///< For Router::url().
  RouteArguments defaults = {};    ///< What path_arg() gives besides the path's.
  Requirements requirements = {};  ///< Regular expressions for variables, in Python's syntax.
};

struct RouterOptions {
  /// A path that is known, but not with this method: 405 with Allow. Else 404.
  bool method_not_allowed = true;
  /// OPTIONS of a path that has no handler for it: 204 with Allow. Else as other methods.
  bool answer_options = true;
};

/// Calls the handler that a request's path and method belong to; answers 404 where there is none.
/// It is an application, and is handed over as one.
///
///     wsgi::Router router;
///     router.get("/items/{id}", [](const wsgi::Request& request) {
///       return wsgi::Response::text(request.path_arg("id"));
///     });
///     router.mount("/admin", make_admin());
///     return std::make_unique<wsgi::Server>(config, "web", router);
///
/// Patterns and their order are those of Mapper. What takes GET takes HEAD as well: the server
/// leaves the body out. An empty path, where a router is mounted, is taken for "/".
/// Copies share one table. Not to be changed while another thread serves from it.
class Router {
 public:
  explicit Router(RouterOptions options = {});

  /// Each throws std::invalid_argument for a pattern that is none, as Mapper::connect(), and for
  /// what Routes would cut off in silence: braces in a regular expression are written \{ and \}, as
  /// in {id:\d\{4\}}; one with a ':' has its place in the options.
  void get(std::string_view pattern, Application handler, const HandlerOptions& options = {});
  void post(std::string_view pattern, Application handler, const HandlerOptions& options = {});
  void put(std::string_view pattern, Application handler, const HandlerOptions& options = {});
  void patch(std::string_view pattern, Application handler, const HandlerOptions& options = {});
  // NOLINTNEXTLINE(readability-identifier-naming): `delete` is taken.
  void delete_(std::string_view pattern, Application handler, const HandlerOptions& options = {});
  /// For all methods.
  void any(std::string_view pattern, Application handler, const HandlerOptions& options = {});
  /// For these methods; none: all.
  void route(const std::vector<std::string>& methods, std::string_view pattern, Application handler,
             const HandlerOptions& options = {});

  /// Hands everything at `prefix` and below it to `application`, which sees the prefix as the end
  /// of script_name() and the rest as path(). The prefix may have variables.
  void mount(std::string_view prefix, const Application& application);
  /// Hands what one of the routes of `table` takes to `application`, which finds its arguments
  /// with path_args(). {path_info:.*} in a pattern is what it sees as path().
  void mount(const Mapper& table, const Application& application, std::string_view prefix = {});

  /// Answers with `status` and a Location made of `destination`: see Mapper::redirect().
  void redirect(std::string_view pattern, std::string_view destination, int status = 302);

  /// What answers where nothing matches; default: 404 without a body.
  void not_found(Application application);

  /// The path of the route of that name, behind nothing: put script_name() before it where the
  /// router is mounted. See Mapper::generate().
  [[nodiscard]] std::optional<std::string> url(std::string_view name,
                                               const RouteArguments& arguments = {}) const;

  Response operator()(Request& request) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace thane::wsgi
