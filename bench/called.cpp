// called: what bench_rpc runs as thane's; an RPC server that echoes, or its load.
//
//   ./called --called.serve URL    prints "ready" when it serves
//   ./called --called.call URL     reads what rounds to run (rpc_load.hpp); with fake:// it is the
//                                  server as well
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include <thane/config.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/hooks.hpp>
#include <thane/launcher.hpp>
#include <thane/rpc.hpp>
#include <thane/thread_group.hpp>

#include "rpc_load.hpp"

namespace rpc = thane::rpc;
using thane::bench::Round;

namespace {

std::unique_ptr<rpc::Server> make_server(const rpc::Transport& transport) {
  rpc::Endpoint endpoint;
  endpoint.method("echo", {"text"}, [](const rpc::Context&, std::string text) { return text; });
  const rpc::Target target{.topic = "bench", .server = "bench"};
  return std::make_unique<rpc::Server>(transport, target, std::vector{endpoint});
}

void run(const rpc::Client& client, Round& round) {
  const std::string text = thane::bench::call_text();
  thane::ThreadGroup callers;
  for (std::size_t caller = 0; caller < round.outstanding(); ++caller) {
    callers.spawn([&] {
      for (auto sent = Round::Clock::now(); !round.over(sent);) {
        if (client.call("echo", {{"text", text}}) != text) std::abort();
        const auto now = Round::Clock::now();
        round.answered(sent, now);
        sent = now;
      }
    });
  }
  callers.wait();
}

int call(const rpc::Transport& transport) {
  thane::FiberLoop{}.run([&] {
    const auto server = transport.url().driver() == "fake" ? make_server(transport) : nullptr;
    if (server) server->start();
    const rpc::Client client{transport, {.topic = "bench"}};
    thane::bench::serve_rounds([&](Round& round) { run(client, round); });
    if (!server) return;
    server->stop();
    server->wait();
  });
  return 0;
}

int serve(const thane::Config& config, const rpc::Transport& transport) {
  const auto launcher = thane::launch(config, make_server(transport), {.workers = 1});
  launcher->set_hooks({.worker_ready = [](const thane::WorkerInfo&) {
    std::puts("ready");
    std::fflush(stdout);
  }});
  return launcher->wait();
}

thane::OptGroup called_options() {
  return {"called",
          {thane::Opt<std::string>{.name = "serve", .help = "The transport_url to serve."},
           thane::Opt<std::string>{.name = "call", .help = "The transport_url to call."}}};
}

}  // namespace

int main(int argc, char** argv) {
  const auto config =
      thane::Config::from_command_line(argc, argv, {thane::launcher_options(), called_options()});
  const auto url = config.get<std::string>("called.serve");
  if (!url.empty()) return serve(config, rpc::Transport::from(url));
  return call(rpc::Transport::from(config.get<std::string>("called.call")));
}
