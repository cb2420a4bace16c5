// Names and values that a route found in a path, or that a URL is made of.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thane::wsgi {

/// Strings by name, in order; a value. nullopt stands for what Routes says with None: an optional
/// part, as {.format}, that was not there.
///
///     wsgi::RouteArguments arguments{{"controller", "items"}, {"id", "7"}};
///     if (const auto* id = arguments.find("id")) use(id->value_or(""));
class RouteArguments {
 public:
  using Value = std::optional<std::string>;
  using Argument = std::pair<std::string, Value>;

  RouteArguments() = default;
  RouteArguments(std::initializer_list<Argument> arguments) : arguments_(arguments) {}

  /// The value of `name`; nullptr if there is none of that name. Valid until a change.
  [[nodiscard]] const Value* find(std::string_view name) const noexcept {
    for (const auto& argument : arguments_) {
      if (argument.first == name) return &argument.second;
    }
    return nullptr;
  }
  [[nodiscard]] bool contains(std::string_view name) const noexcept {
    return find(name) != nullptr;
  }

  /// In the place of the one with that name, or behind all others.
  void set(std::string_view name, Value value) {
    for (auto& argument : arguments_) {
      if (argument.first == name) {
        argument.second = std::move(value);
        return;
      }
    }
    add(std::string{name}, std::move(value));
  }
  /// Behind all others, without a look whether the name is there already: in a query, a name may
  /// come several times.
  void add(std::string name, Value value) {
    arguments_.emplace_back(std::move(name), std::move(value));
  }
  void erase(std::string_view name) {
    std::erase_if(arguments_, [name](const Argument& argument) { return argument.first == name; });
  }
  void reserve(std::size_t size) { arguments_.reserve(size); }

  [[nodiscard]] bool empty() const noexcept { return arguments_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return arguments_.size(); }
  [[nodiscard]] auto begin() const noexcept { return arguments_.begin(); }
  [[nodiscard]] auto end() const noexcept { return arguments_.end(); }
  friend bool operator==(const RouteArguments&, const RouteArguments&) = default;

 private:
  std::vector<Argument> arguments_;
};

}  // namespace thane::wsgi
