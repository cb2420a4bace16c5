// One route: its pattern compiled, and its defaults.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <thane/wsgi/route_options.hpp>

#include "routing/path_matcher.hpp"
#include "routing/pattern.hpp"
#include "routing/regex.hpp"

namespace thane::wsgi::internal {

/// What has to be between two '/' of a path for a route to match.
struct SegmentOutline {
  std::string text;  ///< All of it, or how it begins.
  bool whole;
};

/// Which paths a route can match at all; an index is made of it.
struct Outline {
  std::vector<SegmentOutline> segments;
  bool open = false;  ///< What follows the beginning of the last segment may be anything.
};

class Route {
 public:
  using Keys = std::set<std::string, std::less<>>;

  /// Throws std::invalid_argument for a pattern or a regular expression that is none.
  Route(std::string_view name, std::string_view pattern, const RouteOptions& options,
        const MapperOptions& mapper);

  /// True if the conditions let the method in; an empty one is not looked at.
  [[nodiscard]] bool allows(std::string_view method) const;
  /// The arguments, if the path has the pattern. Does not look at conditions.
  [[nodiscard]] std::optional<RouteArguments> match(std::string_view path) const;
  [[nodiscard]] Outline outline() const;

  [[nodiscard]] const Part* variable(std::string_view key) const;
  /// True if `value` meets the requirement of `key`, or there is none.
  [[nodiscard]] bool meets(std::string_view key, std::string_view value) const;

  std::string name;
  std::string pattern;
  RouteOptions options;  ///< As it was connected.
  bool minimized;
  std::vector<Part> parts;
  RouteArguments defaults;
  Requirements requirements;
  std::string prefix;  ///< Text before the first variable, without '/' at its end.
  Keys least_keys;     ///< Without these, no URL.
  Keys all_keys;       ///< What goes into a URL, or is a default.
  Keys dotted_keys;
  std::size_t position = 0;
  int redirect_status = 0;
  const Route* destination = nullptr;

 private:
  void set_defaults(const MapperOptions& mapper);
  void set_keys();
  void compile(const MapperOptions& mapper);
  void compile_regex(const std::string& expression);
  [[nodiscard]] bool holds_slash(const Part& part) const;

  struct Group {
    std::size_t number;  // Of the captures; from 0 up.
    std::string name;
  };
  std::vector<std::string> controllers_;  // If the pattern has that variable.
  std::vector<Group> groups_;
  std::map<std::string, Regex, std::less<>> requirement_regexes_;
  std::optional<PathMatcher> matcher_;  // Where it can do without a regular expression.
  std::optional<Regex> regex_;
  bool matcher_is_for_ascii_ = false;
};

}  // namespace thane::wsgi::internal
