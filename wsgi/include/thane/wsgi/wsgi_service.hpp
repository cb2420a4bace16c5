// The process of an API as nova and cinder have it: by its name it finds application, address,
// workers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <thane/config.hpp>
#include <thane/service_base.hpp>
#include <thane/wsgi/application.hpp>
#include <thane/wsgi/load_error.hpp>
#include <thane/wsgi/registry.hpp>

namespace thane::wsgi {

/// Makes the factories that Paste files may name, for a configuration: at the start, for each new
/// one that SIGHUP brings, and for --check-config. Factories that keep `config` see later values.
using RegistryMaker = std::function<Registry(const Config& config)>;

/// An API that a program can serve.
struct Api {
  std::string name;     ///< "osapi_volume": of its application in the Paste file, and its options.
  int listen_port = 0;  ///< The default of NAME_listen_port; 0: the kernel chooses.
};

/// The options of APIs, for [DEFAULT]: api_paste_config, enabled_apis, enabled_ssl_apis, and for
/// each NAME_listen, NAME_listen_port, NAME_workers. --check-config loads all that are enabled.
[[nodiscard]] OptGroup api_options(const std::vector<Api>& apis, RegistryMaker registry);
/// What the servers of all APIs have in common, for [wsgi]: all of wsgi::options() but those of the
/// address, and use_ssl.
[[nodiscard]] OptGroup api_server_options();

/// The application of that name in the file that api_paste_config names. A relative name is looked
/// for in the directories of --config-dir, in those of --config-file, the last one first, and where
/// the program was started. Throws load_error; app_not_found_error if the file has none of that
/// name.
[[nodiscard]] Application load_api(const Config& config, const Registry& registry,
                                   const std::string& name);

/// What a service's manager does when a worker starts; all may be empty. They run in start(), on
/// a fiber, and may suspend; an exception is one of start().
struct ManagerHooks {
  std::function<void()> init_host = {};        ///< First.
  std::function<void()> pre_start_hook = {};   ///< Then.
  std::function<void()> post_start_hook = {};  ///< Once the server accepts.
};

/// A wsgi::Server whose application is loaded by its name, and again at SIGHUP: a Paste file that
/// is broken then refuses the reload, and everything stays as it is.
///
///     int main(int argc, char** argv) {
///       const auto config = thane::Config::from_command_line(
///           argc, argv,
///           {thane::launcher_options(), wsgi::api_server_options(),
///            wsgi::api_options({{.name = "osapi_volume", .listen_port = 8776}}, make_registry)});
///       auto service =
///           std::make_unique<wsgi::WSGIService>(config, "osapi_volume", make_registry);
///       const auto workers = service->workers_option();
///       return thane::launch(config, std::move(service), {.workers_option = workers})->wait();
///     }
class WSGIService final : public ServiceBase {
 public:
  /// Loads the application, then binds. Throws what load_api() and the constructor of Server throw.
  WSGIService(const Config& config, const std::string& name, RegistryMaker registry,
              ManagerHooks manager = {});
  ~WSGIService() override;

  void start() override;
  void stop() override;
  void wait() override;
  void reset() override;
  void prepare(const Snapshot& next) override;
  [[nodiscard]] std::string name() const override;

  /// "osapi_volume_workers", for LaunchOptions: how many processes, at least 1, as many as there
  /// are CPUs by default.
  [[nodiscard]] std::string workers_option() const;
  /// As Server's.
  [[nodiscard]] const std::string& address() const noexcept;
  [[nodiscard]] std::uint16_t port() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The services that enabled_apis names, in its order. A name that the Paste file or the program
/// does not have is warned about and passed over. If none is left that is logged as an error, and
/// main() returns 1. Throws what WSGIService throws else. `managers`: by name of API.
///
///     auto services = wsgi::enabled_services(config, make_registry);
///     if (services.empty()) return 1;
///     thane::ProcessLauncher launcher{config};
///     for (auto& service : services) {
///       const auto workers = service->workers_option();
///       launcher.launch_service(std::move(service), {.workers_option = workers});
///     }
///     return launcher.wait();
[[nodiscard]] std::vector<std::unique_ptr<WSGIService>> enabled_services(
    const Config& config, const RegistryMaker& registry,
    const std::map<std::string, ManagerHooks>& managers = {});

}  // namespace thane::wsgi
