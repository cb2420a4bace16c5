// Mapper::resource(): the routes that Routes makes of a resource, in its order, which decides where
// two of them match.
#include <string>
#include <utility>
#include <vector>

#include <thane/wsgi/mapper.hpp>

namespace thane::wsgi {

namespace {

using ActionsByMethod = std::vector<std::pair<std::string, std::vector<std::string>>>;

std::string upper(std::string text) {
  for (auto& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::vector<std::string>& actions_of(ActionsByMethod& all, const std::string& method) {
  for (auto& [other, actions] : all) {
    if (other == method) return actions;
  }
  return all.emplace_back(method, std::vector<std::string>{}).second;
}

void set(ResourceActions& actions, const std::string& name, const std::string& method) {
  for (auto& [other, other_method] : actions) {
    if (other == name) {
      other_method = method;
      return;
    }
  }
  actions.emplace_back(name, method);
}

ActionsByMethod by_method(const ResourceActions& actions) {
  ActionsByMethod result;
  for (const auto& [name, method] : actions) actions_of(result, upper(method)).push_back(name);
  return result;
}

void insert_first(ActionsByMethod& all, const std::string& method, const std::string& action) {
  auto& actions = actions_of(all, method);
  actions.insert(actions.begin(), action);
}

// One '/' at each end, not more: so does Routes.
std::string strip_slashes(std::string_view text) {
  if (text.starts_with('/')) text.remove_prefix(1);
  if (text.ends_with('/')) text.remove_suffix(1);
  return std::string{text};
}

class ResourceBuilder {
 public:
  ResourceBuilder(Mapper& mapper, std::string_view member_name, std::string_view collection_name,
                  const ResourceOptions& options)
      : mapper_(mapper),
        options_(options),
        member_name_(member_name),
        collection_name_(collection_name) {
    std::string path_prefix;
    if (const auto& parent = options.parent_resource) {
      path_prefix = parent->collection_name + "/:" + parent->member_name + "_id";
      name_prefix_ = parent->member_name + "_";
    }
    path_prefix = strip_slashes(options.path_prefix.value_or(path_prefix));
    name_prefix_ = options.name_prefix.value_or(name_prefix_);
    const auto collection = strip_slashes(collection_name);
    controller_ = options.controller.empty() ? collection : options.controller;
    path_ = (path_prefix.empty() ? "" : "/" + path_prefix) + "/" + collection;
    member_path_ = path_ + "/:(id)";
  }

  void build() {
    add_collection();
    add_new();
    add_members();
  }

 private:
  [[nodiscard]] RouteOptions route(const std::string& method, const std::string& action) const {
    return {.controller = controller_,
            .action = action,
            .requirements = options_.requirements,
            .conditions = {.methods = {method}}};
  }

  [[nodiscard]] RouteOptions member_route(const std::string& method,
                                          const std::string& action) const {
    auto result = route(method, action);
    result.requirements = {{"id", R"([^\/]+(?<!\\))"}};
    return result;
  }

  // A route and, before it, the same with a format. Without a name for the ones that share theirs.
  void connect(const std::string& name, const std::string& path, const RouteOptions& route) {
    const auto formatted = path + ".:(format)";
    if (name.empty()) {
      mapper_.connect(formatted, route);
      mapper_.connect(path, route);
    } else {
      mapper_.connect("formatted_" + name, formatted, route);
      mapper_.connect(name, path, route);
    }
  }

  void add_collection() {
    auto methods = by_method(options_.collection);
    insert_first(methods, "POST", "create");
    for (auto& [method, actions] : methods) {
      const bool has_primary = method != "GET";
      for (std::size_t i = has_primary ? 1 : 0; i < actions.size(); ++i) {
        connect(name_prefix_ + actions[i] + "_" + collection_name_, path_ + "/" + actions[i],
                route(method, actions[i]));
      }
      if (has_primary) connect({}, path_, route(method, actions.front()));
    }
    connect(name_prefix_ + collection_name_, path_, route("GET", "index"));
  }

  void add_new() {
    auto all = options_.new_;
    set(all, "new", "GET");
    for (const auto& [method, actions] : by_method(all)) {
      for (const auto& action : actions) {
        const bool plain = action == "new";
        const auto name = (plain ? "" : action + "_") + "new_" + member_name_;
        connect(name_prefix_ + name, path_ + "/new" + (plain ? "" : "/" + action),
                route(method, action));
      }
    }
  }

  void add_members() {
    auto all = options_.member;
    set(all, "edit", "GET");
    auto methods = by_method(all);
    insert_first(methods, "PUT", "update");
    insert_first(methods, "DELETE", "delete");
    for (auto& [method, actions] : methods) {
      const bool has_primary = method != "POST" && method != "GET";
      for (std::size_t i = has_primary ? 1 : 0; i < actions.size(); ++i) {
        connect(name_prefix_ + actions[i] + "_" + member_name_, member_path_ + "/" + actions[i],
                member_route(method, actions[i]));
      }
      if (has_primary) connect({}, member_path_, member_route(method, actions.front()));
    }
    connect(name_prefix_ + member_name_, member_path_, member_route("GET", "show"));
  }

  Mapper& mapper_;
  const ResourceOptions& options_;
  std::string member_name_;
  std::string collection_name_;
  std::string controller_;
  std::string name_prefix_;
  std::string path_;
  std::string member_path_;
};

}  // namespace

void Mapper::resource(std::string_view member_name, std::string_view collection_name,
                      const ResourceOptions& options) {
  ResourceBuilder{*this, member_name, collection_name, options}.build();
}

}  // namespace thane::wsgi
