#include <thane/wsgi/mapper.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <stdexcept>

#include <thane/assert.hpp>
#include <thane/wsgi/submapper.hpp>

#include "routing/generation.hpp"
#include "routing/route.hpp"
#include "routing/route_index.hpp"

namespace thane::wsgi {

using internal::Route;

class Mapper::Table {
 public:
  explicit Table(MapperOptions options) : options_(std::move(options)) {}

  Route& connect(std::string_view name, std::string_view pattern, const RouteOptions& options) {
    auto route = std::make_unique<Route>(name, pattern, options, options_);
    if (!name.empty()) names_.insert_or_assign(std::string{name}, route.get());
    if (options.only_generates) return *static_routes_.emplace_back(std::move(route));
    route->position = routes_.size();
    index_.add(*route);
    candidates_for_urls_.push_back(route.get());
    return *routes_.emplace_back(std::move(route));
  }

  [[nodiscard]] const Route& named(std::string_view name) const {
    const auto found = names_.find(name);
    if (found == names_.end()) {
      throw std::invalid_argument("no route has the name \"" + std::string{name} + "\"");
    }
    return *found->second;
  }

  [[nodiscard]] const Route& at(std::size_t position) const {
    THANE_ASSERT(position < routes_.size());
    return *routes_[position];
  }
  [[nodiscard]] std::size_t size() const noexcept { return routes_.size(); }

  /// Calls `take` with each route that may match, until it returns true.
  template <class Take>
  void try_each(std::string_view path, Take take) const {
    for (const auto position : index_.candidates(path)) {
      if (take(*routes_[position])) return;
    }
  }

  [[nodiscard]] std::vector<const Route*> routes_for(const RouteArguments& arguments) const {
    return internal::routes_for(candidates_for_urls_, arguments);
  }

 private:
  MapperOptions options_;
  std::vector<std::unique_ptr<Route>> routes_;
  std::vector<std::unique_ptr<Route>> static_routes_;
  std::vector<const Route*> candidates_for_urls_;
  std::map<std::string, const Route*, std::less<>> names_;
  internal::RouteIndex index_;
};

Mapper::Mapper(MapperOptions options) : table_(std::make_unique<Table>(std::move(options))) {}
Mapper::~Mapper() = default;
Mapper::Mapper(Mapper&&) noexcept = default;
Mapper& Mapper::operator=(Mapper&&) noexcept = default;

void Mapper::connect(std::string_view pattern, const RouteOptions& options) {
  table_->connect({}, pattern, options);
}

void Mapper::connect(std::string_view name, std::string_view pattern, const RouteOptions& options) {
  table_->connect(name, pattern, options);
}

void Mapper::redirect(std::string_view pattern, std::string_view destination,
                      const RouteOptions& options, int status) {
  if (status < 300 || status > 399) {
    throw std::invalid_argument("a redirect's status is 3xx, not " + std::to_string(status));
  }
  const auto& target = table_->connect({}, destination, {.only_generates = true});
  auto& route = table_->connect({}, pattern, options);
  route.destination = &target;
  route.redirect_status = status;
}

SubMapper Mapper::submapper(const SubmapperOptions& options) {
  return SubMapper{*this, options};
}

void Mapper::extend(const Mapper& other, std::string_view path_prefix,
                    const std::function<void(RouteOptions&)>& change) {
  THANE_ASSERT(&other != this);
  for (std::size_t i = 0; i < other.size(); ++i) {
    const auto& route = other.table_->at(i);
    // Where Routes minimizes it has cut the first '/' off.
    const bool joined = !path_prefix.empty() && route.minimized;
    const auto pattern = std::string{path_prefix} + (joined ? "/" : "") + route.pattern;
    auto options = route.options;
    options.minimization = route.minimized;
    options.requirements = route.requirements;  // Those of the other table among them.
    if (change) change(options);
    if (route.destination == nullptr) {
      table_->connect(route.name, pattern, options);
    } else {
      redirect(pattern, route.destination->pattern, options, route.redirect_status);
    }
  }
}

std::optional<RouteMatch> Mapper::match(std::string_view path, std::string_view method) const {
  std::optional<RouteMatch> result;
  table_->try_each(path, [&](const Route& route) {
    if (!route.allows(method)) return false;
    auto arguments = route.match(path);
    const auto& function = route.options.conditions.function;
    if (!arguments || (function && !function(*arguments))) return false;
    result.emplace(RouteMatch{std::move(*arguments), route.name, route.pattern, route.position});
    if (route.destination != nullptr) {
      result->redirect_status = route.redirect_status;
      result->destination = route.destination->pattern;
    }
    return true;
  });
  return result;
}

std::vector<std::string> Mapper::methods_of(std::string_view path) const {
  std::vector<std::string> result;
  table_->try_each(path, [&](const Route& route) {
    auto arguments = route.match(path);
    const auto& function = route.options.conditions.function;
    if (!arguments || (function && !function(*arguments))) return false;
    for (const auto& method : route.options.conditions.methods) {
      if (std::ranges::find(result, method) == result.end()) result.push_back(method);
    }
    return false;
  });
  return result;
}

std::optional<std::string> Mapper::generate(std::string_view name,
                                            const RouteArguments& arguments) const {
  const auto& route = table_->named(name);
  auto all = route.defaults;
  for (const auto& [key, value] : arguments) {
    if (route.defaults.contains(key)) {
      all.set(key, value);
    } else {
      all.add(key, value);
    }
  }
  return internal::generate(route, std::move(all));
}

std::optional<std::string> Mapper::generate(const RouteArguments& arguments) const {
  for (const auto* route : table_->routes_for(arguments)) {
    auto url = internal::generate(*route, arguments);
    if (url) return url;
  }
  return std::nullopt;
}

std::string Mapper::destination(const RouteMatch& match) const {
  const auto& route = table_->at(match.position);
  THANE_ASSERT(route.destination != nullptr);
  auto url = internal::generate(*route.destination, match.arguments);
  if (!url) {
    throw std::invalid_argument("the redirect to \"" + route.destination->pattern +
                                "\" names a variable that \"" + route.pattern + "\" has not");
  }
  return *std::move(url);
}

std::size_t Mapper::size() const noexcept {
  return table_->size();
}

const std::vector<std::string>& Mapper::methods_at(std::size_t position) const {
  return table_->at(position).options.conditions.methods;
}

}  // namespace thane::wsgi
