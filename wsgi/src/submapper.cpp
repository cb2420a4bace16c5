#include <thane/wsgi/submapper.hpp>

#include <stdexcept>
#include <utility>

namespace thane::wsgi {

namespace {

void override_conditions(RouteConditions& outer, const RouteConditions& inner) {
  if (!inner.methods.empty()) outer.methods = inner.methods;
  if (inner.function) outer.function = inner.function;
}

// What is closer to the route goes before; what is a table itself is laid over the outer one.
template <class Inner>
void override_with(SubmapperOptions& outer, const Inner& inner) {
  if (!inner.controller.empty()) outer.controller = inner.controller;
  for (const auto& [key, value] : inner.defaults) outer.defaults.set(key, value);
  for (const auto& [key, value] : inner.requirements) outer.requirements[key] = value;
  override_conditions(outer.conditions, inner.conditions);
  if (inner.minimization) outer.minimization = inner.minimization;
}

bool says_something(const RouteConditions& conditions) {
  return !conditions.methods.empty() || conditions.function;
}

}  // namespace

SubMapper::SubMapper(Mapper& mapper, SubmapperOptions options)
    : mapper_(&mapper), options_(std::move(options)) {
  if (options_.resource_name.empty()) options_.resource_name = options_.controller;
  for (const auto& action : std::exchange(options_.actions, {})) {
    // Conditions of this very level keep Routes from adding the action's method.
    add_action(action, {.route = {.conditions = options_.conditions}});
  }
}

SubMapper SubMapper::submapper(const SubmapperOptions& options) const {
  auto inner = options_;
  override_with(inner, options);
  inner.path_prefix += options.path_prefix;
  inner.name_prefix += options.name_prefix;
  inner.collection_name = options.collection_name;
  if (!options.resource_name.empty()) inner.resource_name = options.resource_name;
  if (options.formatted) inner.formatted = options.formatted;
  SubMapper result{*mapper_, std::move(inner)};
  for (const auto& action : options.actions) {
    result.add_action(action, {.route = {.conditions = options.conditions}});
  }
  return result;
}

RouteOptions SubMapper::merged(RouteOptions route) const {
  auto all = options_;
  override_with(all, route);
  route.controller = all.controller;
  route.defaults = all.defaults;
  route.requirements = all.requirements;
  route.conditions = all.conditions;
  route.minimization = all.minimization;
  return route;
}

void SubMapper::connect(std::string_view pattern, const RouteOptions& options) {
  mapper_->connect(options_.path_prefix + std::string{pattern}, merged(options));
}

void SubMapper::connect(std::string_view name, std::string_view pattern,
                        const RouteOptions& options) {
  mapper_->connect(options_.name_prefix + std::string{name},
                   options_.path_prefix + std::string{pattern}, merged(options));
}

std::string SubMapper::suffix(const std::optional<bool>& formatted) const {
  return formatted.value_or(false) || (!formatted && options_.formatted.value_or(true))
             ? "{.format}"
             : "";
}

void SubMapper::link(std::string_view rel, const LinkOptions& options) {
  auto route = options.route;
  if (!says_something(route.conditions) && !options.method.empty()) {
    route.conditions.methods = {options.method};
  }
  if (route.action.empty()) route.action = options.action.empty() ? rel : options.action;
  const auto name =
      options.name.empty() ? std::string{rel} + "_" + options_.resource_name : options.name;
  connect(name, "/" + std::string{rel} + suffix(options.formatted), route);
}

void SubMapper::action(const LinkOptions& options) {
  if (options.name.empty() && options.action.empty()) {
    throw std::invalid_argument("SubMapper::action() needs a name or an action");
  }
  auto route = options.route;
  if (!says_something(route.conditions) && !options.method.empty()) {
    route.conditions.methods = {options.method};
  }
  if (route.action.empty()) route.action = options.action.empty() ? options.name : options.action;
  const auto name =
      options.name.empty() ? options.action + "_" + options_.resource_name : options.name;
  connect(name, suffix(options.formatted), route);
}

void SubMapper::add_action(std::string_view action_name, const LinkOptions& options) {
  auto all = options;
  const auto at_prefix = [&](const char* method, const std::string& name) {
    all.action = action_name;
    all.method = method;
    if (all.name.empty()) all.name = name;
    action(all);
  };
  if (action_name == "new" || action_name == "edit") {
    link(action_name, all);
  } else if (action_name == "index") {
    at_prefix("GET", options_.collection_name);
  } else if (action_name == "show") {
    at_prefix("GET", options_.resource_name);
  } else if (action_name == "create") {
    at_prefix("POST", {});
  } else if (action_name == "update") {
    at_prefix("PUT", {});
  } else if (action_name == "delete") {
    at_prefix("DELETE", {});
  } else {
    throw std::invalid_argument("\"" + std::string{action_name} +
                                "\" is not index, create, new, show, update, delete or edit");
  }
}

CollectionSubMapper Mapper::collection(std::string_view collection_name,
                                       std::string_view resource_name,
                                       const CollectionOptions& options) {
  auto outer = options.collection;
  outer.collection_name = collection_name;
  outer.resource_name = resource_name;
  outer.controller = options.controller;
  if (outer.controller.empty()) {
    outer.controller = resource_name.empty() ? collection_name : resource_name;
  }
  outer.path_prefix = options.path_prefix.value_or("");
  if (!collection_name.empty()) outer.path_prefix += "/" + std::string{collection_name};
  outer.actions = options.collection_actions;
  auto collection = submapper(outer);

  auto inner = options.member;
  inner.path_prefix = options.member_prefix;
  inner.actions = options.member_actions;
  auto member = collection.submapper(inner);
  return {std::move(collection), std::move(member)};
}

}  // namespace thane::wsgi
