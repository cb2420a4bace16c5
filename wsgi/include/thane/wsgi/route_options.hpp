// What routes, resources and submappers are told: the keyword arguments of Python's Routes.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <thane/wsgi/route_arguments.hpp>

namespace thane::wsgi {

/// When a route whose pattern fits is taken.
struct RouteConditions {
  /// Exactly these; "GET" does not let HEAD in. Default, none: any method.
  std::vector<std::string> methods = {};
  /// Has the last word, and may change what was found. Must be able to run on several fibers.
  std::function<bool(RouteArguments&)> function = {};
};

using Requirements = std::map<std::string, std::string>;

struct RouteOptions {
  std::string controller = {};     ///< Short for the default "controller"; empty: none.
  std::string action = {};         ///< Short for the default "action"; empty: none.
  RouteArguments defaults = {};    ///< Part of each match.
  Requirements requirements = {};  ///< Regular expressions for variables, in Python's syntax.
  RouteConditions conditions = {};
  std::optional<bool> minimization = {};  ///< Default: as the Mapper.
  /// For URLs alone: matches nothing; ':' and '*' have no meaning in its pattern, and "scheme://"
  /// may be in it.
  bool only_generates = false;
};

/// An action of a resource and the method it answers to: {"detail", "GET"}.
using ResourceActions = std::vector<std::pair<std::string, std::string>>;

struct ParentResource {
  std::string member_name;
  std::string collection_name;
};

struct ResourceOptions {
  std::string controller = {};                  ///< Default: the collection's name.
  ResourceActions collection = {};              ///< Of the whole: /items/ACTION.
  ResourceActions member = {};                  ///< Of one: /items/{id}/ACTION.
  ResourceActions new_ = {};                    ///< Of one to be made: /items/new/ACTION.
  std::optional<std::string> path_prefix = {};  ///< Default: none, or by the parent.
  std::optional<std::string> name_prefix = {};  ///< Default: none, or by the parent.
  /// Makes the prefixes "PARENTS/{PARENT_id}" and "PARENT_", where they are not given.
  std::optional<ParentResource> parent_resource = {};
  /// For the routes of the collection. Those of a member require an {id} without '/' and a
  /// backslash at its end, and nothing else: so it is in Routes.
  Requirements requirements = {};
};

struct SubmapperOptions {
  std::string path_prefix = {};  ///< Goes before each pattern.
  std::string name_prefix = {};  ///< Goes before each name.
  std::string controller = {};
  RouteArguments defaults = {};
  Requirements requirements = {};
  RouteConditions conditions = {};
  std::string collection_name = {};  ///< The name of the route that index() makes.
  std::string resource_name = {};    ///< Ends the names of others. Default: the controller.
  /// Of index, create, new, show, update, delete, edit: those that are made at once.
  std::vector<std::string> actions = {};
  std::optional<bool> formatted = {};  ///< Default, true: patterns of actions end in {.format}.
  std::optional<bool> minimization = {};
};

/// One route of a submapper, beside the seven actions that have names.
struct LinkOptions {
  std::string name = {};       ///< Default: ACTION_RESOURCE.
  std::string action = {};     ///< Default: `rel` of a link, `name` of an action.
  std::string method = "GET";  ///< Empty: any.
  std::optional<bool> formatted = {};
  RouteOptions route = {};
};

struct CollectionOptions {
  std::optional<std::string> path_prefix = {};  ///< Goes before "/COLLECTION".
  std::string member_prefix = "/{id}";
  std::string controller = {};  ///< Default: the resource's name, else the collection's.
  std::vector<std::string> collection_actions = {"index", "create", "new"};
  std::vector<std::string> member_actions = {"show", "update", "delete", "edit"};
  SubmapperOptions collection = {};  ///< Further words for the collection.
  SubmapperOptions member = {};      ///< Further words for its members.
};

struct MapperOptions {
  /// Routes' own word: variables that have defaults may be left out at the end of a path, and so
  /// may its last '/'.
  bool minimization = false;
  /// What the variable {controller} can be; nothing else.
  std::vector<std::string> controllers = {};
  /// False: routes get the defaults controller=content, action=index and, with {id}, id=None.
  bool explicit_arguments = true;
  /// Of each route, for variables that it says nothing of itself: {{"format", "json"}}.
  Requirements requirements = {};
};

}  // namespace thane::wsgi
