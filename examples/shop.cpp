// shop: an HTTP front with three workers, an RPC back with two, and a chore, below one parent.
//
//   ./shop                                          serves http://127.0.0.1:8080
//   ./shop --web-port 8081 --shop-items fig,quince
//   ./shop --transport-url local:///run/shop        where front and back meet
//   ./shop --help                                   all that can be told, and its defaults
#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/rpc.hpp>
#include <thane/service.hpp>
#include <thane/wsgi.hpp>
#include <vector>

namespace rpc = thane::rpc;
namespace wsgi = thane::wsgi;
using namespace std::chrono_literals;
using nlohmann::json;

thane::OptGroup shop_options() {
  using Names = std::vector<std::string>;
  const thane::Opt<Names> items{
      .name = "items", .default_value = {"apple", "pear", "plum"}, .help = "what is sold"};
  const thane::Opt<int> count{.name = "count", .default_value = 7, .help = "how many of each"};
  return {.name = "shop", .options = {items, count}};
}

// The front: GET /items and GET /items/NAME ask the back, for two seconds at most. The client
// connects at its first call: in a worker, that is, and not in the parent.
wsgi::Application make_front(const rpc::Transport& transport) {
  const rpc::Client stock{transport, {.topic = "stock"}, {.timeout = 2s}};
  wsgi::Router router;
  router.get("/items",
             [stock](wsgi::Request&) { return wsgi::Response::json(stock.call("list")); });
  router.get("/items/{name}", [stock](wsgi::Request& request) {
    try {
      return wsgi::Response::json(stock.call("get", {{"name", request.path_arg("name")}}));
    } catch (const rpc::RemoteError& error) {
      if (error.exc_type() != "NotSold") throw;
      return wsgi::Response::text(error.value() + "\n").set_status(404);
    }
  });
  return router;
}

// The back. Each call reads one snapshot of the configuration: its answer is of one piece even if a
// reload comes meanwhile.
std::unique_ptr<rpc::Server> make_back(const thane::Config& config,
                                       const rpc::Transport& transport) {
  using Names = std::vector<std::string>;
  rpc::Endpoint stock;
  stock.method("list", {},
               [config](const rpc::Context&) { return config.get<Names>("shop.items"); });
  stock.method("get", {"name"}, [config](const rpc::Context&, const std::string& name) {
    const auto values = config.snapshot();
    if (!std::ranges::count(values->get<Names>("shop.items"), name)) {
      throw rpc::Failure{"shop", "NotSold", "not sold here"};
    }
    return json{{"name", name}, {"count", values->get<int>("shop.count")}};
  });
  const rpc::Target target{.topic = "stock", .server = "shop"};
  return std::make_unique<rpc::Server>(transport, target, std::vector{stock});
}

// Any service may have timers; they run as fibers beside everything else.
class Restock final : public thane::Service {
  void start() override {
    group().add_timer(60s, [] { thane::log::info("restocked"); });
  }
};

int main(int argc, char** argv) {
  const auto config =
      thane::Config::from_command_line(argc, argv,
                                       {thane::launcher_options(), wsgi::options("web"),
                                        rpc::options(), rpc::rabbit_options(), shop_options()});

  const auto transport = rpc::Transport::from(config);
  auto web = std::make_unique<wsgi::Server>(config, "web", make_front(transport));
  thane::log::info("try: curl http://{}/items", web->address());
  thane::log::info("try: curl http://{}/items/apple", web->address());

  thane::ProcessLauncher launcher{config};
  launcher.launch_service(make_back(config, transport), {.workers = 2, .name = "back"});
  launcher.launch_service(std::move(web), {.workers = 3, .after = {"back"}});
  launcher.launch_service(std::make_unique<Restock>(), {.workers = 1});
  return launcher.wait();
}
