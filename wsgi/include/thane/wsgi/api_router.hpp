// The routes of an API: its own resources, and what extensions add to them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <thane/opt.hpp>
#include <thane/wsgi/application.hpp>
#include <thane/wsgi/controller.hpp>
#include <thane/wsgi/mapper.hpp>

namespace thane::wsgi {

/// A collection that an extension brings.
struct ResourceExtension {
  std::string collection;  ///< "os-snapshot-manage"
  Controller controller;
  std::string member = {};       ///< Default: as the collection, as in cinder.
  ResourceOptions options = {};  ///< More routes, and the parent.
};

/// What an extension adds to a collection that is there: actions, and functions around methods.
struct ControllerExtension {
  std::string collection;
  Controller controller;
};

/// What GET /extensions tells of it, and what it does.
struct Extension {
  std::string alias;  ///< "os-extended-snapshot-attributes"; unique.
  std::string name;   ///< For people.
  std::string description;
  std::string updated;  ///< ISO 8601: "2012-06-19T00:00:00+00:00".
  std::vector<ResourceExtension> resources = {};
  std::vector<ControllerExtension> controllers = {};
};

/// For [DEFAULT]: project_id_regex ("[0-9a-f\\-]+"), what the id of a project looks like in paths.
[[nodiscard]] OptGroup api_router_options();

enum class PathPrefix : std::uint8_t { required, optional };

struct ApiRouterOptions {
  /// Stands before the paths of all resources; empty: nothing. A project_id that a filter has left
  /// has to be that of the path: see Resource.
  std::string path_prefix = "{project_id}";
  /// Optional: resources stand below the prefix and without it, as in cinder since it is so.
  PathPrefix prefix = PathPrefix::required;
  /// What {project_id} has to be, in all of a path that is one; in Python's syntax. Empty: anything
  /// without '/'. An optional one should not fit the name of a collection.
  std::string project_id_regex = {};
};

/// Collects resources and extensions; application() is what serves them.
///
///     wsgi::ApiRouter api;
///     api.resource("volume", "volumes", volumes, {.collection = {{"detail", "GET"}}});
///     api.add_extension(volume_actions());
///     registry.add_app("call:cinder.api:v2", [api](auto&, auto&) { return api.application(); });
///
/// Routes are those of Mapper::resource(), the format of a path is json alone. /extensions is there
/// always. A controller with actions gets POST /id/action without being asked. What no route takes
/// is fault 404; a path that is known, but not with this method, fault 405 with Allow.
class ApiRouter {
 public:
  explicit ApiRouter(ApiRouterOptions options = {});

  /// `options.controller` is what extensions call it; default: the collection. Throws
  /// std::invalid_argument if that is taken.
  void resource(std::string_view member, std::string_view collection, Controller controller,
                ResourceOptions options = {});
  /// More routes: `connect` is given the table; their controller is a collection.
  void routes(std::function<void(Mapper&)> connect);
  /// What answers at "/"; default: fault 404. Mostly ApiVersions::detail().
  void root(Application application) { root_ = std::move(application); }

  /// Throws std::invalid_argument for an alias, or a collection, that is taken.
  void add_extension(Extension extension);

  /// With all that was added so far. Logs a warning for each extension of a collection that is not
  /// there. Throws std::invalid_argument for routes that are none.
  [[nodiscard]] Application application() const;

 private:
  struct Collection {
    std::string key;
    std::string member;
    std::string collection;
    Controller controller;
    ResourceOptions options;
  };
  [[nodiscard]] std::vector<Collection> extended() const;
  [[nodiscard]] Controller extensions_controller() const;
  void connect(const Collection& one, const std::string& path_prefix, Mapper& mapper) const;
  [[nodiscard]] Mapper table(const std::vector<Collection>& collections) const;

  ApiRouterOptions options_;
  std::vector<Collection> collections_;
  std::vector<std::function<void(Mapper&)>> routes_;
  std::vector<Extension> extensions_;
  Application root_;
};

}  // namespace thane::wsgi
