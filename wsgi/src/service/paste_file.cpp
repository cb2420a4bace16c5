#include "paste_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include <thane/internal/in_quotes.hpp>
#include <thane/wsgi/loader.hpp>
#include <thane/wsgi/wsgi_service.hpp>

#include "percent.hpp"

namespace thane::wsgi {

namespace fs = std::filesystem;
using Category = load_error::Category;

std::string internal::working_directory() {
  std::error_code ignored;
  return fs::current_path(ignored).string();
}

std::string internal::find_paste_file(const Snapshot& values, const std::string& directory) {
  const fs::path start{directory};
  const fs::path wanted{values.get<std::string>("api_paste_config")};
  std::vector<fs::path> places;
  if (wanted.is_absolute()) {
    places.emplace_back();
  } else {
    using Names = std::vector<std::string>;
    for (const auto& folder : values.get<Names>("config_dir")) places.push_back(start / folder);
    auto files = values.get<Names>("config_file");
    std::ranges::reverse(files);
    for (const auto& file : files) places.push_back((start / file).parent_path());
    places.push_back(start);
  }
  for (const auto& place : places) {
    std::error_code ignored;
    if (fs::exists(place / wanted, ignored)) return (place / wanted).lexically_normal().string();
  }
  std::string looked;
  for (const auto& place : places) {
    looked += (looked.empty() ? "; looked in " : ", ") + place.lexically_normal().string();
  }
  throw load_error(Category::missing_file, {wanted.string()},
                   fmt::format("Could not find config at {}{} (option api_paste_config)",
                               wanted.string(), wanted.is_absolute() ? "" : looked));
}

Application internal::load_named_app(const Registry& registry, const std::string& file,
                                     const std::string& name) {
  const auto uri = "config:" + percent_encode(file, Kept::path);
  try {
    (void)app_config(registry, uri, name);  // Calls nobody: what is missing now is in the file.
  } catch (const load_error& error) {
    const bool by_name = error.category() == Category::lookup && error.section().empty();
    if (!by_name || error.file() != file) throw;
    throw app_not_found_error(Category::lookup, {file},
                              fmt::format("Could not load paste app {} from {}: {}",
                                          thane::internal::in_quotes(name), file, error.what()));
  }
  return load_app(registry, uri, name);
}

Application load_api(const Config& config, const Registry& registry, const std::string& name) {
  const auto file = internal::find_paste_file(*config.snapshot(), internal::working_directory());
  return internal::load_named_app(registry, file, name);
}

}  // namespace thane::wsgi
