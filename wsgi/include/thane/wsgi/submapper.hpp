// Connects many routes that have a prefix, a controller or conditions in common.
#pragma once

#include <string>
#include <string_view>

#include <thane/wsgi/mapper.hpp>

namespace thane::wsgi {

/// A Mapper seen through options: prefixes are put together, all else is overridden by what comes
/// closer to the route. A value that refers to its Mapper.
///
///     auto admin = mapper.submapper({.path_prefix = "/admin", .controller = "admin"});
///     admin.connect("users", "/users", {.action = "users"});
class SubMapper {
 public:
  void connect(std::string_view pattern, const RouteOptions& options = {});
  void connect(std::string_view name, std::string_view pattern, const RouteOptions& options = {});
  SubMapper submapper(const SubmapperOptions& options) const;

  /// A route PREFIX/REL, named REL_RESOURCE.
  void link(std::string_view rel, const LinkOptions& options = {});
  /// A route at the prefix itself, named ACTION_RESOURCE. Throws std::invalid_argument without
  /// a name and an action.
  void action(const LinkOptions& options);

  /// The usual actions, by name: index, create, new, show, update, delete, edit. Throws
  /// std::invalid_argument for another.
  void add_action(std::string_view action, const LinkOptions& options = {});

 private:
  friend class Mapper;
  SubMapper(Mapper& mapper, SubmapperOptions options);
  [[nodiscard]] RouteOptions merged(RouteOptions route) const;
  [[nodiscard]] std::string suffix(const std::optional<bool>& formatted) const;

  Mapper* mapper_;
  SubmapperOptions options_;
};

/// What Mapper::collection() returns.
struct CollectionSubMapper {
  SubMapper collection;
  SubMapper member;
};

}  // namespace thane::wsgi
