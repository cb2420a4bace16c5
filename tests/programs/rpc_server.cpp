// rpc_server: an RPC server whose methods do what a test needs.
//
//   ./rpc_server --transport-url local:///tmp/x --workers 3 --peer-topic t --peer-server s
//
// Lines: "held pid=PID" for each call of hold(), "sleeping SECONDS" for each of sleep(), "bumped
// NAME pid=PID" for each cast of bump().
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include <thane/event.hpp>
#include <thane/fiber.hpp>
#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/rpc.hpp>

namespace rpc = thane::rpc;
using nlohmann::json;

namespace {

thane::OptGroup peer_options() {
  return {.name = "peer",
          .options = {thane::Opt<std::string>{.name = "topic", .default_value = "t"},
                      thane::Opt<std::string>{.name = "server", .default_value = "s"},
                      thane::Opt<int>{.name = "workers", .default_value = 2}}};
}

rpc::Endpoint make_endpoint() {
  const auto released = std::make_shared<thane::Event>();
  rpc::Endpoint endpoint{{.version = "1.3"}};
  endpoint.method("echo", {"arg"}, [](const rpc::Context&, json arg) { return arg; });
  endpoint.method("pid", {}, [](const rpc::Context&) { return ::getpid(); });
  endpoint.method("sleep", {"seconds"}, [](const rpc::Context&, double seconds) {
    thane::log::info("sleeping {}", seconds);
    thane::this_fiber::sleep_for(std::chrono::milliseconds{static_cast<int>(seconds * 1000)});
    return seconds;
  });
  endpoint.method("hold", {}, [released](const rpc::Context&) {
    thane::log::info("held pid={}", ::getpid());
    released->wait();
    return ::getpid();
  });
  endpoint.method("release", {}, [released](const rpc::Context&) { released->set(); });
  endpoint.method("bump", {"name"}, [](const rpc::Context&, const std::string& name) {
    thane::log::info("bumped {} pid={}", name, ::getpid());
  });
  endpoint.method("die", {}, [](const rpc::Context&) { ::raise(SIGKILL); });
  endpoint.method("fail", {"message"}, [](const rpc::Context&, const std::string& message) {
    throw rpc::Failure{"shop.errors", "SoldOut", message};
  });
  return endpoint;
}

}  // namespace

int main(int argc, char** argv) {
  const auto config = thane::Config::from_command_line(
      argc, argv,
      {thane::launcher_options(), rpc::options(), rpc::notification_options(), peer_options()});
  const rpc::Target target{.topic = config.get<std::string>("peer.topic"),
                           .server = config.get<std::string>("peer.server")};
  auto server = std::make_unique<rpc::Server>(rpc::Transport::from(config), target,
                                              std::vector{make_endpoint()});
  return thane::launch(config, std::move(server), {.workers = config.get<int>("peer.workers")})
      ->wait();
}
