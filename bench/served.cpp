// served: what bench_http runs as thane's; an HTTP server with one application of several.
//
//   ./served --web.port 8080 --served.application router
//
//   bare      /json, POST /echo, and a greeting for all else
//   router    a hundred routes, of which /resource57/{id} greets
//   filters   the bare one behind seven filters
#include <fmt/core.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <thane/launcher.hpp>
#include <thane/wsgi.hpp>

#include "kibibyte.hpp"

namespace wsgi = thane::wsgi;

namespace {

wsgi::Response greet(wsgi::Request& /*request*/) {
  return wsgi::Response::text("Hello, World!");
}

wsgi::Application make_bare() {
  return [json = thane::bench::kibibyte()](wsgi::Request& request) {
    if (request.path() == "/json") return wsgi::Response::json(json);
    if (request.method() == "POST") return wsgi::Response::text(request.read_all());
    return greet(request);
  };
}

wsgi::Application make_router() {
  constexpr int routes = 100;
  wsgi::Router router;
  for (int i = 0; i < routes; ++i) router.get(fmt::format("/resource{}/{{id}}", i), greet);
  return router;
}

/// In the order of OpenStack's pipelines; with what a service behind a proxy sets.
wsgi::Application make_filtered() {
  const std::vector<wsgi::Filter> filters{
      wsgi::request_id(),
      wsgi::access_log(),
      wsgi::faultwrap(),
      wsgi::sizelimit(),
      wsgi::http_proxy_to_wsgi({.enable_proxy_headers_parsing = true}),
      wsgi::cors({{.allowed_origin = {"https://dashboard.example"}}}),
      wsgi::healthcheck(),
  };
  wsgi::Application application = make_bare();
  for (auto filter = filters.rbegin(); filter != filters.rend(); ++filter) {
    application = (*filter)(std::move(application));
  }
  return application;
}

wsgi::Application make(const std::string& name) {
  if (name == "router") return make_router();
  return name == "filters" ? make_filtered() : make_bare();
}

thane::OptGroup served_options() {
  return {"served",
          {thane::Opt<std::string>{.name = "application",
                                   .default_value = "bare",
                                   .help = "What answers.",
                                   .choices = {"bare", "router", "filters"}}}};
}

}  // namespace

int main(int argc, char** argv) {
  const auto config = thane::Config::from_command_line(
      argc, argv, {thane::launcher_options(), served_options(), wsgi::options("web")});
  auto web = std::make_unique<wsgi::Server>(config, "web",
                                            make(config.get<std::string>("served.application")));
  return thane::launch(config, std::move(web), {.workers = 1})->wait();
}
