#include "enabled_apis.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include <thane/internal/in_quotes.hpp>
#include <thane/log.hpp>
#include <thane/wsgi/wsgi_service.hpp>

#include "api_options.hpp"

namespace thane::wsgi {

std::size_t internal::for_each_enabled_api(
    const Config& config, const std::function<void(const std::string& name)>& use) {
  const auto values = config.snapshot();
  std::size_t started = 0;
  for (const auto& name : values->get<std::vector<std::string>>("enabled_apis")) {
    try {
      if (!has_api_options(*values, name)) {
        throw app_not_found_error(
            load_error::Category::lookup, {},
            fmt::format("The program has no API {}", thane::internal::in_quotes(name)));
      }
      use(name);
      ++started;
    } catch (const app_not_found_error& error) {
      log::warning("{}. enabled_apis includes bad values. Fix to remove this warning.",
                   error.what());
    }
  }
  return started;
}

std::vector<std::unique_ptr<WSGIService>> enabled_services(
    const Config& config, const RegistryMaker& registry,
    const std::map<std::string, ManagerHooks>& managers) {
  std::vector<std::unique_ptr<WSGIService>> services;
  internal::for_each_enabled_api(config, [&](const std::string& name) {
    const auto manager = managers.find(name);
    services.push_back(std::make_unique<WSGIService>(
        config, name, registry, manager == managers.end() ? ManagerHooks{} : manager->second));
  });
  if (services.empty()) {
    log::error("No APIs were started. Check the enabled_apis config option.");
  }
  return services;
}

}  // namespace thane::wsgi
