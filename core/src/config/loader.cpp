#include "loader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <thane/internal/in_quotes.hpp>
#include <utility>

#include "environment_source.hpp"
#include "file_source.hpp"
#include "resolver.hpp"
#include "value.hpp"

namespace thane::internal {

namespace {

constexpr std::string_view files_option = "config_file";
constexpr std::string_view directories_option = "config_dir";

// What a list option says before any file was read.
std::vector<std::string> early_list(const Sources& sources, const Layer& environment,
                                    std::string_view name) {
  const std::size_t index = sources.registry->find(name).value();
  for (const Layer* layer : {&sources.command_line.layer, &environment}) {
    std::vector<std::string> texts;
    for (const Assignment& assignment : *layer) {
      if (assignment.option.index == index) {
        texts.push_back(assignment.text);
      }
    }
    if (!texts.empty()) {
      const auto parsed = parse_value(sources.registry->options()[index].option, texts);
      return std::get<std::vector<std::string>>(parsed.value);
    }
  }
  return {};
}

Layer layer_from_file(const Sources& sources, const std::string& shown, Warnings& warnings) {
  const OptRegistry& registry = *sources.registry;
  const std::string text = read_config_file(sources.directory / shown, shown);
  Layer layer = layer_from_ini(registry, text, shown, warnings);
  for (const Assignment& assignment : layer) {
    if (names_files(registry.options()[assignment.option.index])) {
      throw config_error(fmt::format("{}: a file cannot name further files; use the command line",
                                     assignment.where));
    }
  }
  return layer;
}

Layer layer_from_program(const OptRegistry& registry, const Config::Source& source) {
  Layer layer;
  for (Config::Value& value : source()) {
    const auto option = registry.find(value.name);
    if (!option || names_files(registry.options()[*option])) {
      throw config_error(fmt::format("{}: {} is no option that may be set here", value.origin,
                                     in_quotes(value.name)));
    }
    const std::string where = fmt::format("{}: {}", value.origin, value.name);
    layer.push_back({{*option}, std::move(value.text), std::move(value.origin), where});
  }
  return layer;
}

}  // namespace

Loaded load_sources(const Sources& sources) {
  Loaded result;
  result.warnings = sources.command_line.warnings;
  const Layer environment =
      layer_from_environment(*sources.registry, sources.environment, result.warnings);

  std::vector<Layer> layers;
  if (sources.own) layers.push_back(layer_from_program(*sources.registry, sources.own));
  for (const std::string& directory : early_list(sources, environment, directories_option)) {
    for (const std::string& name : config_files_in(sources.directory / directory, directory)) {
      const std::string shown = (std::filesystem::path{directory} / name).string();
      layers.push_back(layer_from_file(sources, shown, result.warnings));
    }
  }
  for (const std::string& file : early_list(sources, environment, files_option)) {
    layers.push_back(layer_from_file(sources, file, result.warnings));
  }
  layers.push_back(environment);
  layers.push_back(sources.command_line.layer);

  auto resolved = std::make_unique<const Resolved>(resolve(*sources.registry, layers));
  result.snapshot = std::make_shared<const Snapshot>(sources.registry, std::move(resolved));
  return result;
}

}  // namespace thane::internal
