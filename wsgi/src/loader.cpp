#include <thane/wsgi/loader.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <system_error>
#include <thane/internal/read_file.hpp>
#include <utility>
#include <vector>

#include "paste/session.hpp"

namespace thane::wsgi {

namespace {

using internal::Context;
using internal::Role;
using internal::SharedSettings;

constexpr std::size_t largest_file = 4 * 1024 * 1024;

// As core's --config-dir takes them, and Swift its directories.
std::vector<std::string> conf_files_of(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{directory}) {
    std::string name = entry.path().filename().string();
    if (name.ends_with(".conf") && !name.starts_with('.')) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

internal::Files real_files() {
  std::error_code ignored;  // Without a working directory, absolute paths still work.
  return {[](const std::string& path) { return thane::internal::read_file(path, largest_file); },
          std::filesystem::current_path(ignored).string(), conf_files_of};
}

SharedSettings shared(const Settings* settings) {
  return settings == nullptr ? nullptr : std::make_shared<Settings>(*settings);
}

// One load: looks up what is wanted and gives it to `use`.
template <class Use>
auto load(const Registry& registry, Role role, const std::string& uri,
          const std::optional<std::string>& name, const LoadOptions& options, Use use) {
  internal::Session session{registry, real_files()};
  const auto context =
      session.look_up(uri, options.relative_to,
                      {.role = role, .name = name, .global_conf = shared(&options.global_conf)});
  return use(session, *context);
}

}  // namespace

Application load_app(const Registry& registry, const std::string& uri,
                     const std::optional<std::string>& name, const LoadOptions& options) {
  return load(registry, Role::application, uri, name, options, internal::make_app);
}

Filter load_filter(const Registry& registry, const std::string& uri,
                   const std::optional<std::string>& name, const LoadOptions& options) {
  return load(registry, Role::filter, uri, name, options, internal::make_filter);
}

ServiceMaker load_server(const Registry& registry, const std::string& uri,
                         const std::optional<std::string>& name, const LoadOptions& options) {
  return load(registry, Role::server, uri, name, options, internal::make_server);
}

Settings AppConfig::merged() const {
  Settings result = global_conf;
  result.update(local_conf);
  return result;
}

AppConfig app_config(const Registry& registry, const std::string& uri,
                     const std::optional<std::string>& name, const LoadOptions& options) {
  return load(registry, Role::application, uri, name, options,
              [](internal::Session&, const Context& context) {
                return AppConfig{*context.global_conf, *context.local_conf};
              });
}

Application Loader::get_app(const std::optional<std::string>& name, const Settings* global_conf) {
  return source_.get_app({.name = name, .global_conf = shared(global_conf)});
}

Filter Loader::get_filter(const std::optional<std::string>& name, const Settings* global_conf) {
  return source_.get_filter({.name = name, .global_conf = shared(global_conf)});
}

ServiceMaker Loader::get_server(const std::optional<std::string>& name,
                                const Settings* global_conf) {
  return source_.get_server({.name = name, .global_conf = shared(global_conf)});
}

}  // namespace thane::wsgi
