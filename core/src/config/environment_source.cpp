#include "environment_source.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <thane/internal/suggestion.hpp>

#include "value.hpp"

namespace thane::internal {

Layer layer_from_environment(const OptRegistry& registry,
                             const std::vector<std::string>& environment, Warnings& warnings) {
  Layer layer;
  for (const std::string& variable : environment) {
    const std::size_t equals = variable.find('=');
    if (!variable.starts_with(variable_prefix) || equals == variable.npos) {
      continue;
    }
    const std::string full = variable.substr(0, equals);
    const std::string name = full.substr(variable_prefix.size());
    const auto option = registry.find_variable(name);
    if (!option) {
      const std::string meant = nearest(name, registry.variables());
      warnings.push_back(fmt::format(
          "environment {}: no such option{}", full,
          meant.empty() ? "" : fmt::format("; did you mean {}{}?", variable_prefix, meant)));
      continue;
    }
    const std::string where = fmt::format("environment {}", full);
    if (option->deprecated) {
      warnings.push_back(fmt::format("{}: is deprecated; set {}", where,
                                     registry.options()[option->index].variable));
    }
    layer.push_back({*option, std::string{strip(variable.substr(equals + 1))}, where, where});
  }
  return layer;
}

std::vector<std::string> process_environment() {
  std::vector<std::string> variables;
  for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable) {
    if (std::string_view{*variable}.starts_with(variable_prefix)) {
      variables.emplace_back(*variable);
    }
  }
  return variables;
}

}  // namespace thane::internal
