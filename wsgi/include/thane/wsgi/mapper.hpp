// A table of routes with the words and the rules of Python's Routes.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <thane/wsgi/route_match.hpp>
#include <thane/wsgi/route_options.hpp>

namespace thane::wsgi {

class SubMapper;
struct CollectionSubMapper;

/// Finds the route of a path, and makes URLs of routes. Which handler runs is left to others: a
/// wsgi::Router has handlers of its own, routes_middleware() hands on what was found.
///
///     wsgi::Mapper mapper;
///     mapper.connect("home", "/", {.controller = "home", .action = "index"});
///     mapper.connect("/archive/{year:\\d+}/*rest", {.controller = "archive"});
///     mapper.resource("item", "items", {.member = {{"sell", "POST"}}});
///     auto match = mapper.match("/items/7", "GET");  // id=7 controller=items action=show
///     auto url = mapper.generate("edit_item", {{"id", "7"}});  // /items/7/edit
///
/// Of the routes that match, the one with the longest static prefix is taken (what stands before
/// the first variable, without '/' at its end), then the one that was connected first. Matching
/// takes as long for a thousand routes as for ten. docs/routing.md has all rules.
///
/// Not to be changed while another thread uses it. Moves, but does not copy.
class Mapper {
 public:
  explicit Mapper(MapperOptions options = {});
  ~Mapper();
  Mapper(Mapper&&) noexcept;
  Mapper& operator=(Mapper&&) noexcept;

  /// Adds a route. Variables: {id}, :id and :(id) without '/'; {id:regex}; *rest, which may hold
  /// '/'; {.format} and {.format:json|xml}, which may be missing together with their dot.
  /// Throws std::invalid_argument for a pattern or a regular expression that is none.
  void connect(std::string_view pattern, const RouteOptions& options = {});
  /// The same with a name, by which generate() finds it; the last route of that name.
  void connect(std::string_view name, std::string_view pattern, const RouteOptions& options = {});

  /// Adds the routes of a collection and its members: index, create, new, edit, show, update and
  /// delete, each also with ".FORMAT", and the actions of the options.
  void resource(std::string_view member_name, std::string_view collection_name,
                const ResourceOptions& options = {});

  /// Adds a route that sends the client elsewhere. Variables in `destination`, {like_this}, are
  /// filled in from the match; all else that was matched becomes its query.
  void redirect(std::string_view pattern, std::string_view destination,
                const RouteOptions& options = {}, int status = 302);

  /// Connects with prefixes and defaults. It refers to this object, which has to outlive it and
  /// stay in its place.
  SubMapper submapper(const SubmapperOptions& options);
  /// Routes of a collection and its members, as submappers.
  CollectionSubMapper collection(std::string_view collection_name, std::string_view resource_name,
                                 const CollectionOptions& options = {});

  /// Adds all routes of `other` that match something, with a prefix before their patterns; `change`
  /// may alter the options of each.
  void extend(const Mapper& other, std::string_view path_prefix = {},
              const std::function<void(RouteOptions&)>& change = {});

  /// The route of `path`, which is compared octet by octet with patterns: nothing is decoded here.
  /// An empty `method` is any. Redirects are found as other routes are.
  /// Throws wsgi::request_error with 400 for a path that would take more than max_match_steps to
  /// be compared with one pattern: to guess which route it has would be worse.
  [[nodiscard]] std::optional<RouteMatch> match(std::string_view path,
                                                std::string_view method = {}) const;
  static constexpr std::size_t max_match_steps = 100'000;

  /// The methods that have a route for `path`, each once, in the order connected; none if the path
  /// is known to no route, or to one for any method. Throws as match().
  [[nodiscard]] std::vector<std::string> methods_of(std::string_view path) const;

  /// The path, and query if there are more arguments than the route takes; nullopt if an argument
  /// is missing or does not meet its requirement. Percent-encoded. Throws std::invalid_argument if
  /// no route has that name.
  [[nodiscard]] std::optional<std::string> generate(std::string_view name,
                                                    const RouteArguments& arguments = {}) const;
  /// The same, of the route that fits the arguments best by Routes' rules; nullopt if none does.
  [[nodiscard]] std::optional<std::string> generate(const RouteArguments& arguments) const;
  /// Where a redirect leads to; `match` is one of match(), with a redirect_status.
  [[nodiscard]] std::string destination(const RouteMatch& match) const;

  /// How many routes match something.
  [[nodiscard]] std::size_t size() const noexcept;
  /// The methods of the route at this position; empty: any.
  [[nodiscard]] const std::vector<std::string>& methods_at(std::size_t position) const;

 private:
  class Table;
  std::unique_ptr<Table> table_;
};

}  // namespace thane::wsgi
