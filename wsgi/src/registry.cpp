#include <thane/wsgi/registry.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <stdexcept>
#include <thane/internal/in_quotes.hpp>
#include <thane/internal/suggestion.hpp>

#include "paste/reference.hpp"

namespace thane::wsgi {

using internal::canonical_distribution;
using internal::canonical_spec;
using thane::internal::edit_distance;
using thane::internal::in_quotes;

namespace {

constexpr std::size_t longest_compared = 200;  // The distance costs length squared.

// What names it, without where it is: "api" of "egg:shop#api", "make" of "shop.api:make".
std::string_view last_part(std::string_view spec) {
  const std::size_t end = spec.find_last_of(":#.");
  return end == spec.npos ? spec : spec.substr(end + 1);
}

bool is_empty(const Registry::Factory& factory) {
  return std::visit([](const auto& function) { return function == nullptr; }, factory);
}

}  // namespace

void Registry::add(std::string_view spec, Factory factory) {
  const auto parts = internal::parse_reference(spec);
  const bool egg = parts.scheme == "egg" && !parts.path.empty();
  const bool call = parts.scheme == "call" && parts.path.find(':') != std::string::npos;
  const bool attribute = parts.scheme != "egg" && parts.scheme != "call" &&
                         internal::factory_spec(spec) == std::string{spec};
  if (!egg && !call && !attribute) {
    throw std::invalid_argument(
        fmt::format("{} cannot be the name of a factory; write \"egg:DISTRIBUTION#NAME\", "
                    "\"MODULE:ATTRIBUTE\" or \"call:MODULE:ATTRIBUTE\"",
                    in_quotes(spec)));
  }
  if (is_empty(factory)) {
    throw std::invalid_argument(fmt::format("the factory of {} is empty", in_quotes(spec)));
  }
  const auto kind = static_cast<Kind>(factory.index());
  Registered registered{std::string{spec}, std::move(factory)};
  if (!factories_.try_emplace({canonical_spec(spec), kind}, std::move(registered)).second) {
    throw std::invalid_argument(fmt::format("{} is registered twice", in_quotes(spec)));
  }
  if (egg) {
    add_distribution(parts.path);
  }
}

void Registry::add_distribution(std::string_view distribution) {
  distributions_.insert(canonical_distribution(distribution));
}

bool Registry::has_distribution(std::string_view distribution) const {
  return distributions_.contains(canonical_distribution(distribution));
}

std::optional<Registry::Factory> Registry::find(const std::string& spec, Kind kind) const {
  const auto found = factories_.find({canonical_spec(spec), kind});
  if (found != factories_.end()) {
    return found->second.factory;
  }
  return std::nullopt;
}

std::optional<Registry::Factory> Registry::resolve(const std::string& spec, Kind wanted) const {
  auto resolved = resolver_ ? resolver_(spec, wanted) : std::nullopt;
  return resolved && !is_empty(*resolved) ? std::move(resolved) : std::nullopt;
}

std::vector<Registry::Kind> Registry::kinds_of(std::string_view spec) const {
  std::vector<Kind> kinds;
  const std::string wanted = canonical_spec(spec);
  for (const auto& [key, registered] : factories_) {
    if (key.first == wanted) {
      kinds.push_back(key.second);
    }
  }
  return kinds;
}

std::vector<std::string> Registry::closest(std::string_view spec, std::size_t most) const {
  const std::string wanted = canonical_spec(spec.substr(0, longest_compared));
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (const auto& [key, registered] : factories_) {
    // The same factory in another module is nearer than another one of the same module.
    const bool moved = last_part(key.first) == last_part(wanted);
    const auto text = std::string_view{key.first}.substr(0, longest_compared);
    ranked.emplace_back(edit_distance(wanted, text) / (moved ? 4 : 1), registered.spec);
  }
  std::ranges::sort(ranked);
  std::vector<std::string> result;
  for (auto& [distance, name] : ranked) {
    if (result.size() < most && std::ranges::find(result, name) == result.end()) {
      result.push_back(std::move(name));
    }
  }
  return result;
}

}  // namespace thane::wsgi
