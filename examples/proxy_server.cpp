// proxy_server: a web service from a directory of configuration files in one call, as Swift's are.
//
//   ./proxy_server examples/proxy_server/proxy-server.conf.d
//   ./proxy_server examples/proxy_server/proxy-server.conf.d --check-config
//
//   curl http://127.0.0.1:8080/info        curl http://127.0.0.1:8080/healthcheck
#include <nlohmann/json.hpp>
#include <string>
#include <thane/run_wsgi.hpp>
#include <thane/wsgi.hpp>

namespace wsgi = thane::wsgi;
using wsgi::Settings;

namespace {

wsgi::Application make_proxy(const Settings& global_conf, const Settings& local_conf) {
  const nlohmann::json info{
      {"swift",
       {{"max_file_size", local_conf.get_integer("max_file_size", 5'368'709'122)},
        {"region", global_conf.get("region", "none")}}}};
  return [info](wsgi::Request& request) {
    return request.path() == "/info" ? wsgi::Response::json(info) : wsgi::Response{404};
  };
}

wsgi::Registry make_registry(const thane::Config&) {
  wsgi::Registry registry;
  registry.add_app("egg:swift#proxy", make_proxy);
  wsgi::add_stock_parts(registry);  // egg:swift#healthcheck is one of them.
  return registry;
}

}  // namespace

int main(int argc, char** argv) {
  return thane::run_wsgi(argc, argv, {.app_section = "proxy-server", .registry = make_registry});
}
