// all_apis: several APIs below one parent, as nova's main has them, each with workers of its own.
//
//   ./all_apis --config-file examples/all_apis/all_apis.conf      its Paste file is there, too
//   ./all_apis --config-file ... --enabled-apis metadata          one of them
//
//   curl http://127.0.0.1:8774/       curl http://127.0.0.1:8775/
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/wsgi.hpp>
#include <utility>

namespace wsgi = thane::wsgi;

namespace {

// Both are the same application with other settings; those of real APIs are not.
wsgi::Application make_app(const wsgi::Settings&, const wsgi::Settings& local_conf) {
  return [serves = local_conf.get("serves")](wsgi::Request&) {
    return wsgi::Response::json({{"serves", serves}});
  };
}

wsgi::Registry make_registry(const thane::Config&) {
  wsgi::Registry registry;
  registry.add_app("all_apis.apps:factory", make_app);
  return registry;
}

}  // namespace

int main(int argc, char** argv) {
  const auto config = thane::Config::from_command_line(
      argc, argv,
      {thane::launcher_options(), wsgi::api_server_options(),
       wsgi::api_options({{"osapi_compute", 8774}, {"metadata", 8775}}, make_registry)});

  const std::map<std::string, wsgi::ManagerHooks> managers{
      {"osapi_compute",
       {.init_host = [] { thane::log::info("compute: the host is ready"); },
        .post_start_hook = [] { thane::log::info("compute: serving"); }}}};
  auto services = wsgi::enabled_services(config, make_registry, managers);
  if (services.empty()) return 1;

  thane::ProcessLauncher launcher{config};
  for (auto& service : services) {
    const auto workers = service->workers_option();
    launcher.launch_service(std::move(service), {.workers_option = workers});
  }
  return launcher.wait();
}
