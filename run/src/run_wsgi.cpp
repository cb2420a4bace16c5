#include <thane/run_wsgi.hpp>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <thane/launch.hpp>
#include <thane/wsgi/loader.hpp>
#include <thane/wsgi/server.hpp>

#include "swift_settings.hpp"

namespace thane {

namespace {

using wsgi::Registry;
using wsgi::Settings;

constexpr int status_command_line = 2;

struct NoFile {};  // The command line names none, and asks for nothing that works without.

// What wsgi::load_app() calls a file or directory; of the start, as the directory may change.
std::string uri_of(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error).lexically_normal();
  std::string escaped;
  for (const char c : absolute.string())
    escaped += c == '%' ? "%25" : c == '#' ? "%23" : std::string{c};
  return (std::filesystem::is_directory(absolute, error) ? "config_dir:" : "config:") + escaped;
}

// Has every factory there may be, and none that is ever called: for settings alone.
Registry any_registry() {
  Registry registry;
  using Factory = std::optional<Registry::Factory>;
  registry.set_resolver([](const std::string&, Registry::Kind wanted) -> Factory {
    using Kind = Registry::Kind;
    if (wanted == Kind::composite) {
      return Registry::CompositeFactory{
          [](wsgi::Loader&, const Settings&, const Settings&) { return wsgi::Application{}; }};
    }
    if (wanted == Kind::filter) {
      return Registry::FilterFactory{
          [](const Settings&, const Settings&) { return wsgi::Filter{}; }};
    }
    return Registry::AppFactory{
        [](const Settings&, const Settings&) { return wsgi::Application{}; }};
  });
  return registry;
}

}  // namespace

int run_wsgi(int argc, const char* const* argv, const RunWsgiOptions& options) try {
  const bool named = argc > 1 && std::string_view{argv[1]}.substr(0, 1) != "-";
  std::vector<const char*> arguments(argv, argv + argc);
  if (named) arguments.erase(arguments.begin() + 1);
  const std::string path = named ? argv[1] : "";
  const std::string uri = uri_of(path);

  const auto load = [uri, registry = options.registry](const Config& config) {
    return wsgi::load_app(registry(config), uri);
  };
  const std::vector<OptGroup> own{
      launcher_options(),
      {"DEFAULT", {workers_opt()}, [load](const Config& config) { (void)load(config); }},
      wsgi::options(internal::server_group)};
  const auto source = [own, named, path, uri, section = options.app_section] {
    if (!named) throw NoFile{};
    const auto conf = wsgi::app_config(any_registry(), uri, section);
    return internal::values_from(conf.merged(), own, path);
  };
  std::vector<OptGroup> groups = own;
  groups.insert(groups.end(), options.groups.begin(), options.groups.end());
  const Config config = Config::from_command_line(static_cast<int>(arguments.size()),
                                                  arguments.data(), groups, source);
  auto server = std::make_unique<wsgi::Server>(
      config, options.app_section,
      wsgi::ServerSources{.application = [config, load] { return load(config); },
                          .options =
                              [](const Snapshot& values) {
                                return wsgi::options_from(values, internal::server_group);
                              }});
  return launch(config, std::move(server), {.workers_option = "workers"})->wait();
} catch (const NoFile&) {
  const std::string_view program = argc > 0 ? argv[0] : "run_wsgi";
  std::fprintf(stderr, "usage: %s CONFIG-FILE-OR-DIRECTORY [--OPTION VALUE]...\n",
               std::string{program.substr(program.rfind('/') + 1)}.c_str());
  return status_command_line;
}

}  // namespace thane
