// shop: an HTTP front with three workers and a chore with one, below one parent.
//
//   ./shop                                          serves http://127.0.0.1:8080
//   ./shop --web-port 8081 --shop-items fig,quince
//   ./shop --help                                   all that can be told, and its defaults
#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/service.hpp>
#include <thane/wsgi.hpp>
#include <vector>

namespace wsgi = thane::wsgi;
using namespace std::chrono_literals;

thane::OptGroup shop_options() {
  using Names = std::vector<std::string>;
  const thane::Opt<Names> items{
      .name = "items", .default_value = {"apple", "pear", "plum"}, .help = "what is sold"};
  const thane::Opt<int> count{.name = "count", .default_value = 7, .help = "how many of each"};
  return {.name = "shop", .options = {items, count}};
}

// GET /items and GET /items/NAME. Each request reads one snapshot of the configuration: its answer
// is of one piece even if a reload comes meanwhile.
wsgi::Application make_front(const thane::Config& config) {
  return [config](wsgi::Request& request) {
    const auto values = config.snapshot();
    const auto items = values->get<std::vector<std::string>>("shop.items");
    if (request.path() == "/items") {
      return wsgi::Response::json(items);
    }
    const std::string folder = "/items/";
    const std::string path{request.path()};
    if (!path.starts_with(folder) || !std::ranges::count(items, path.substr(folder.size()))) {
      return wsgi::Response::text("not sold here\n").set_status(404);
    }
    return wsgi::Response::json(
        {{"name", path.substr(folder.size())}, {"count", values->get<int>("shop.count")}});
  };
}

// Any service may have timers; they run as fibers beside everything else.
class Restock final : public thane::Service {
  void start() override {
    group().add_timer(60s, [] { thane::log::info("restocked"); });
  }
};

int main(int argc, char** argv) {
  const auto config = thane::Config::from_command_line(
      argc, argv, {thane::launcher_options(), wsgi::options("web"), shop_options()});

  auto web = std::make_unique<wsgi::Server>(config, "web", make_front(config));
  thane::log::info("try: curl http://{}/items", web->address());
  thane::log::info("try: curl http://{}/items/apple", web->address());

  thane::ProcessLauncher launcher{config};
  launcher.launch_service(std::move(web), {.workers = 3});
  launcher.launch_service(std::make_unique<Restock>(), {.workers = 1});
  return launcher.wait();
}
