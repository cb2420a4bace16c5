// An API whose manager tells when it is called, and asks the API itself once it is to serve. Run
// by run_wsgi() it has an option of its own.
//
//   api_hooks --config-file FILE              a WSGIService called "hooked"
//   api_hooks CONFIG-FILE --greeting WORD     run_wsgi(), whose answer is the word
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/run_wsgi.hpp>
#include <thane/stream.hpp>
#include <thane/wsgi.hpp>

namespace wsgi = thane::wsgi;

namespace {

wsgi::Registry make_registry(const thane::Config&) {
  wsgi::Registry registry;
  registry.add_app("egg:hooks#app", [](const wsgi::Settings&, const wsgi::Settings&) {
    return [](wsgi::Request&) { return wsgi::Response::text("served\n"); };
  });
  return registry;
}

wsgi::Registry make_greeting(const thane::Config& config) {
  wsgi::Registry registry;
  registry.add_app("egg:hooks#app", [config](const wsgi::Settings&, const wsgi::Settings&) {
    return [word = config.get<std::string>("greeting")](wsgi::Request&) {
      return wsgi::Response::text(word);
    };
  });
  return registry;
}

std::string first_line(std::uint16_t port) {
  auto stream = thane::Stream::connect_tcp("127.0.0.1", port);
  stream.write_all("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  std::array<char, 4096> buffer;
  const std::string_view answer{buffer.data(), stream.read_some(buffer)};
  return std::string{answer.substr(0, answer.find('\r'))};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && argv[1][0] != '-') {
    const thane::OptGroup own{"DEFAULT", {thane::Opt<std::string>{.name = "greeting"}}};
    return thane::run_wsgi(argc, argv,
                           {.app_section = "greeting", .registry = make_greeting, .groups = {own}});
  }
  const auto config =
      thane::Config::from_command_line(argc, argv,
                                       {thane::launcher_options(), wsgi::api_server_options(),
                                        wsgi::api_options({{"hooked", 0}}, make_registry)});
  std::uint16_t port = 0;
  auto service = std::make_unique<wsgi::WSGIService>(
      config, "hooked", make_registry,
      wsgi::ManagerHooks{
          .init_host = [] { thane::log::info("init_host"); },
          .pre_start_hook = [] { thane::log::info("pre_start_hook"); },
          .post_start_hook =
              [&port] { thane::log::info("post_start_hook: {}", first_line(port)); }});
  port = service->port();
  const auto workers = service->workers_option();
  return thane::launch(config, std::move(service), {.workers_option = workers})->wait();
}
