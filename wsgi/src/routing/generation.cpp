#include "routing/generation.hpp"

#include <algorithm>

#include "percent.hpp"

// The rules are those of Mapper.generate, Route.generate_minimized and generate_non_minimized of
// Routes. Two things that look like slips there are not copied: requirements of several words are
// looked at whole (not ^json|xml$), and a '%' in a pattern is itself.

namespace thane::wsgi::internal {

namespace {

using Value = RouteArguments::Value;

bool is_given(const Value* value) {
  return value != nullptr && *value && !(*value)->empty();
}

std::string text_of(const Value& value) {
  return value.value_or("None");
}

std::string quoted(const std::string& text) {
  return percent_encode(text, Kept::path);
}

// Each part has to have its argument, and each default that is not in the path has to be repeated.
std::optional<std::string> full_path(const Route& route, const RouteArguments& arguments) {
  for (const auto& [key, value] : route.defaults) {
    if (route.variable(key) != nullptr) continue;
    const auto* given = arguments.find(key);
    if (given == nullptr || text_of(*given) != text_of(value)) return std::nullopt;
  }
  std::string path;
  for (const auto& part : route.parts) {
    if (part.is_text()) {
      path += part.text;
      continue;
    }
    const auto* value = arguments.find(part.text);
    const bool dotted = part.kind == Part::Kind::dotted;
    if (value == nullptr || !*value) {
      if (!dotted) return std::nullopt;
    } else if (dotted) {
      if (!(*value)->empty()) path += quoted("." + **value);
    } else {
      path += quoted(**value);
    }
  }
  return path;
}

// From the last part on: what equals its default is left out as long as nothing stands behind it.
std::optional<std::string> minimized_path(const Route& route, RouteArguments& arguments) {
  std::string path;
  bool gap = false;
  const auto prepend = [&](const std::string& text) {
    path.insert(0, text);
    gap = true;
  };
  for (auto part = route.parts.rbegin(); part != route.parts.rend(); ++part) {
    const auto& key = part->text;
    if (part->is_text()) {
      const bool ends = !key.empty() && done_characters.find(key.back()) != std::string::npos;
      if (gap || !ends) {
        prepend(key);
      } else if (key.size() > 1) {
        prepend(key.substr(0, key.size() - 1));
      }
      continue;
    }
    const auto* given = arguments.find(key);
    if (part->kind == Part::Kind::rest) {
      if (given != nullptr && *given) prepend(quoted(**given));
      continue;
    }
    const auto* usual = route.defaults.find(key);
    if (usual != nullptr && !gap &&
        (given == nullptr || !*given || text_of(*given) == text_of(*usual))) {
      continue;
    }
    std::string value;
    if (given != nullptr) {
      value = text_of(*given);
    } else if (usual != nullptr && *usual) {
      value = **usual;
    } else if (part->kind == Part::Kind::dotted) {
      continue;
    } else {
      return std::nullopt;
    }
    prepend((part->kind == Part::Kind::dotted ? "." : "") + quoted(value));
    arguments.erase(key);
  }
  return path;
}

std::string query_of(const Route& route, const RouteArguments& arguments) {
  std::string query;
  for (const auto& [key, value] : arguments) {
    if (key == "controller" || key == "action" || !value || route.all_keys.contains(key)) continue;
    query += query.empty() ? '?' : '&';
    query += percent_encode(key, Kept::form) + "=" + percent_encode(*value, Kept::form);
  }
  return query;
}

bool contradicts(const Route& route, const RouteArguments& arguments) {
  return std::ranges::any_of(route.defaults, [&](const RouteArguments::Argument& argument) {
    const auto& [key, value] = argument;
    if (!value || route.variable(key) != nullptr) return false;
    const auto* given = arguments.find(key);
    return is_given(given) && **given != *value;
  });
}

// True if the route has another value for `key` in all its URLs.
bool hardcodes_another(const Route& route, const RouteArguments& arguments, const char* key) {
  const auto* own = route.defaults.find(key);
  if (own == nullptr || !*own || route.variable(key) != nullptr) return false;
  const auto* given = arguments.find(key);
  return given == nullptr || *given != *own;
}

// Routes' comparison of two routes for a set of keys. It is no order: of two routes each may come
// before the other. What a list of routes becomes is thus decided by the way it is sorted.
bool comes_before(const Route& a, const Route& b, const Route::Keys& keys) {
  const auto common = [&keys](const Route& route) {
    return static_cast<std::size_t>(std::ranges::count_if(
        keys, [&route](const std::string& key) { return route.all_keys.contains(key); }));
  };
  const auto common_a = common(a);
  const auto common_b = common(b);
  const auto apart_a = keys.size() + a.all_keys.size() - 2 * common_a;
  const auto apart_b = keys.size() + b.all_keys.size() - 2 * common_b;
  if (apart_a == 0 || apart_b == 0) return apart_a == 0 && apart_b != 0;
  if (apart_a < apart_b) return true;
  if (common_a == common_b) return a.all_keys.size() < b.all_keys.size();
  return common_b < common_a;
}

// As Python sorts a list of fewer than 64: a run at the beginning, then binary insertion.
template <class Before>
void sort_as_python(std::vector<const Route*>& list, Before before) {
  if (list.size() < 2) return;
  std::size_t run = 2;
  if (before(list[1], list[0])) {
    while (run < list.size() && before(list[run], list[run - 1])) ++run;
    std::reverse(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(run));
  } else {
    while (run < list.size() && !before(list[run], list[run - 1])) ++run;
  }
  for (auto at = list.begin() + static_cast<std::ptrdiff_t>(run); at != list.end(); ++at) {
    std::rotate(std::upper_bound(list.begin(), at, *at, before), at, at + 1);
  }
}

}  // namespace

std::optional<std::string> generate(const Route& route, RouteArguments arguments) {
  if (contradicts(route, arguments)) return std::nullopt;
  for (const auto& requirement : route.requirements) {
    const auto* value = arguments.find(requirement.first);
    if (is_given(value) && !route.meets(requirement.first, **value)) return std::nullopt;
  }
  if (const auto* method = arguments.find("method"); is_given(method)) {
    std::string upper = **method;
    std::ranges::transform(upper, upper.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
    if (!route.allows(upper)) return std::nullopt;
    arguments.erase("method");
  }
  auto path = route.minimized ? minimized_path(route, arguments) : full_path(route, arguments);
  if (!path) return std::nullopt;
  if (!path->starts_with('/') && !route.options.only_generates) path->insert(path->begin(), '/');
  return *path + query_of(route, arguments);
}

std::vector<const Route*> routes_for(const std::vector<const Route*>& routes,
                                     const RouteArguments& arguments) {
  Route::Keys keys;
  for (const auto& argument : arguments) keys.insert(argument.first);
  std::vector<const Route*> result;
  for (const auto* route : routes) {
    if (hardcodes_another(*route, arguments, "controller") ||
        hardcodes_another(*route, arguments, "action")) {
      continue;
    }
    const bool complete = std::ranges::all_of(route->least_keys, [&](const std::string& key) {
      return keys.contains(key) || route->dotted_keys.contains(key);
    });
    if (complete) result.push_back(route);
  }
  sort_as_python(result,
                 [&keys](const Route* a, const Route* b) { return comes_before(*a, *b, keys); });
  return result;
}

}  // namespace thane::wsgi::internal
