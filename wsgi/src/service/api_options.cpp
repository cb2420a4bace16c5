#include "api_options.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <thane/log.hpp>
#include <thane/snapshot.hpp>
#include <thane/wsgi/wsgi_service.hpp>

#include "enabled_apis.hpp"
#include "server_option_groups.hpp"

namespace thane::wsgi {

namespace {

using Names = std::vector<std::string>;

std::vector<AnyOpt> options_of(const Api& api) {
  const int cpus = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  return {Opt<std::string>{.name = internal::api_option(api.name, "listen"),
                           .default_value = "0.0.0.0",
                           .help = "Address or name that the API listens on."},
          Opt<int>{.name = internal::api_option(api.name, "listen_port"),
                   .default_value = api.listen_port,
                   .help = "TCP port that the API listens on; 0 lets the kernel choose.",
                   .min = 0,
                   .max = 65535},
          Opt<int>{.name = internal::api_option(api.name, "workers"),
                   .default_value = cpus,
                   .help = "Processes that serve the API; default: the number of CPUs.",
                   .min = 1}};
}

}  // namespace

OptGroup api_options(const std::vector<Api>& apis, RegistryMaker registry) {
  Names names;
  for (const Api& api : apis) names.push_back(api.name);
  OptGroup group{
      "DEFAULT",
      {Opt<std::string>{.name = "api_paste_config",
                        .default_value = "api-paste.ini",
                        .help = "Paste file of the APIs' applications; a relative name is looked "
                                "for beside the configuration files."},
       Opt<Names>{.name = "enabled_apis",
                  .default_value = names,
                  .help = "APIs that are served, by the names of their applications."},
       Opt<Names>{.name = "enabled_ssl_apis", .help = "Those of them that are served over TLS."}},
      [registry = std::move(registry)](const Config& config) {
        const auto parts = registry(config);
        const auto load = [&](const std::string& name) { (void)load_api(config, parts, name); };
        if (internal::for_each_enabled_api(config, load) == 0) {
          throw config_error("enabled_apis: no API can be started");
        }
      }};
  for (const Api& api : apis) {
    auto more = options_of(api);
    group.options.insert(group.options.end(), more.begin(), more.end());
  }
  return group;
}

OptGroup api_server_options() {
  return internal::shared_options(internal::shared_group);
}

namespace internal {

std::string api_option(const std::string& name, const char* what) {
  return name + "_" + what;
}

ServerOptions api_server_options_from(const Snapshot& snapshot, const std::string& name) {
  ServerOptions options = shared_options_from(snapshot, shared_group);
  options.host = snapshot.get<std::string>(api_option(name, "listen"));
  options.port = snapshot.get<int>(api_option(name, "listen_port"));
  const auto& secured = snapshot.get<Names>("enabled_ssl_apis");
  options.use_ssl = std::ranges::find(secured, name) != secured.end();
  return options;
}

bool has_api_options(const Snapshot& snapshot, const std::string& name) {
  try {
    (void)snapshot.get<int>(api_option(name, "workers"));
    return true;
  } catch (const std::out_of_range&) {
    return false;
  }
}

}  // namespace internal

}  // namespace thane::wsgi
