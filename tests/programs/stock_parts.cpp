// A server of a Paste file that is made of stock parts and one application.
//
//   stock_parts --paste-file FILE [--workers N] [--web-OPTION VALUE]...
//
// With STOCK_PARTS_GATE a service beside the server starts when the file of that name exists.
//
//   test:make   "SCRIPT_NAME|PATH BODY"; below .../throw an exception, below .../slow a minute
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include <thane/fiber.hpp>
#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/service.hpp>
#include <thane/wsgi.hpp>

namespace wsgi = thane::wsgi;

namespace {

using namespace std::chrono_literals;

class Gate final : public thane::Service {
 public:
  explicit Gate(std::string file) : file_(std::move(file)) {}
  void start() override {
    thane::log::info("waiting at the gate");
    while (!std::filesystem::exists(file_)) thane::this_fiber::sleep_for(5ms);
  }

 private:
  std::string file_;
};

wsgi::Response answer(wsgi::Request& request) {
  if (request.path() == "/throw") throw std::runtime_error{"thrown on purpose"};
  if (request.path() == "/slow") thane::this_fiber::sleep_for(60s);
  std::string text{request.script_name()};
  text.append("|").append(request.path()).append(" ").append(request.read_all());
  return wsgi::Response::text(text);
}

}  // namespace

int main(int argc, char** argv) {
  const auto config = thane::Config::from_command_line(
      argc, argv,
      wsgi::with_stock_options({thane::launcher_options(),
                                {"DEFAULT", {thane::workers_opt()}},
                                {"paste", {thane::Opt<std::string>{.name = "file"}}},
                                wsgi::options("web")}));
  wsgi::Registry registry;
  registry.add_app("test:make", [](const auto&, const auto&) { return answer; });
  wsgi::add_stock_parts(registry, wsgi::stock_options_from(*config.snapshot()));
  auto web = std::make_unique<wsgi::Server>(
      config, "web", wsgi::load_app(registry, "config:" + config.get<std::string>("paste.file")));

  const char* const gate = std::getenv("STOCK_PARTS_GATE");
  if (gate == nullptr) {
    return thane::launch(config, std::move(web), {.workers = config.get<int>("workers")})->wait();
  }
  thane::ServiceLauncher launcher{config};
  launcher.launch_service(std::move(web));
  launcher.launch_service(std::make_unique<Gate>(gate));
  return launcher.wait();
}
