// rpc_contract: an RPC server that shows everything a server of oslo.messaging has to get right,
// for programs that look at it from outside. It prints READY when it serves.
//
//   rpc_contract --url rabbit://guest:guest@127.0.0.1:5672/ --topic conf --server s1
//       [--workers N] [--notify]
#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <thane/config.hpp>
#include <thane/fiber.hpp>
#include <thane/launcher.hpp>
#include <thane/rpc.hpp>
#include <thane/rpc/rabbit_options.hpp>

#include "support/tell_ready.hpp"

namespace rpc = thane::rpc;
using nlohmann::json;

namespace {

json sum(const json& a, const json& b) {
  if (a.is_number_integer() && b.is_number_integer()) {
    return a.get<std::int64_t>() + b.get<std::int64_t>();
  }
  return a.get<double>() + b.get<double>();
}

[[noreturn]] void fail(const std::string& kind, const std::string& message) {
  if (kind == "ValueError" || kind == "RuntimeError") {
    throw rpc::Failure{"builtins", kind, message};
  }
  if (kind == "KeyError") {  // Its str() is the repr() of what is missing.
    throw rpc::Failure{"builtins", kind, "'" + message + "'", json::array({message}),
                       json::object()};
  }
  if (kind == "Custom") {
    throw rpc::Failure{"conformance_exc", "ConformanceError", message, json::array({message}),
                       json{{"code", 42}}};
  }
  if (kind == "Foreign") throw rpc::Failure{"conformance_foreign", "ForeignError", message};
  throw rpc::Failure{"builtins", "ValueError", "unknown kind " + kind};
}

// A count that all workers of the server share: made in the parent, before there are any.
std::atomic<int>& make_count() {
  void* const memory = ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  return *new (memory) std::atomic<int>{0};
}

rpc::Endpoint main_endpoint() {
  rpc::Endpoint endpoint{{.version = "1.3"}};
  endpoint.method("echo", {"arg"}, [](const rpc::Context&, json arg) { return arg; });
  endpoint.method("add", {"a", "b"}, [](const rpc::Context&, json a, json b) { return sum(a, b); });
  endpoint.method("fail", {"kind", "msg"},
                  [](const rpc::Context&, const std::string& kind, const std::string& message) {
                    fail(kind, message);
                  });
  endpoint.method("slow", {"seconds"}, [](const rpc::Context&, json seconds) {
    thane::this_fiber::sleep_for(std::chrono::duration_cast<thane::Duration>(
        std::chrono::duration<double>{seconds.get<double>()}));
    return seconds;
  });
  endpoint.method("ctx", {}, [](const rpc::Context& context) { return context.values(); });
  std::atomic<int>& count = make_count();
  endpoint.method("bump", {}, [&count](const rpc::Context&) { return ++count; });
  endpoint.method("get_count", {}, [&count](const rpc::Context&) { return count.load(); });
  endpoint.method("_private", {}, [](const rpc::Context&) { return "reached"; });
  return endpoint;
}

// Sends a notification; an endpoint of its own, which only those have that are told to.
rpc::Endpoint notifying_endpoint(const rpc::Transport& transport) {
  const rpc::Notifier notifier{transport,
                               {.publisher_id = "conformance.host", .drivers = {"messagingv2"}}};
  rpc::Endpoint endpoint{{.version = "1.3"}};
  endpoint.method("notify", {"priority", "event_type", "payload"},
                  [notifier](const rpc::Context& context, const std::string& priority,
                             const std::string& event_type, const json& payload) {
                    for (const rpc::Priority each : rpc::all_priorities) {
                      if (rpc::to_string(each) == priority) {
                        notifier.notify(each, context, event_type, payload);
                      }
                    }
                  });
  return endpoint;
}

std::vector<rpc::Endpoint> endpoints() {
  rpc::Endpoint named{{.name_space = "ns1", .version = "1.0"}};
  named.method("ping", {}, [](const rpc::Context&) { return "pong"; });
  return {main_endpoint(), std::move(named)};
}

thane::OptGroup own_options() {
  return {"DEFAULT",
          {thane::Opt<std::string>{.name = "url", .help = "The transport_url to serve."},
           thane::Opt<std::string>{
               .name = "topic", .default_value = "conf", .help = "Topic to listen on."},
           thane::Opt<std::string>{
               .name = "server", .default_value = "s1", .help = "Name of this server."},
           thane::Opt<bool>{.name = "notify", .help = "Offers a method that sends notifications."},
           thane::Opt<int>{.name = "workers",
                           .default_value = 1,
                           .help = "How many processes serve; each is a consumer of its own.",
                           .min = 1}}};
}

}  // namespace

int main(int argc, char** argv) {
  const auto config = thane::Config::from_command_line(
      argc, argv, {thane::launcher_options(), own_options(), rpc::rabbit_options()});
  const rpc::Target target{.topic = config.get<std::string>("topic"),
                           .server = config.get<std::string>("server")};
  const auto transport = rpc::Transport::from(config.get<std::string>("url"));
  auto offered = endpoints();
  if (config.get<bool>("notify")) offered.push_back(notifying_endpoint(transport));
  auto server = std::make_unique<rpc::Server>(transport, target, std::move(offered));
  const int workers = config.get<int>("workers");
  auto launcher = thane::launch(config, std::move(server), {.workers = workers});
  launcher->set_hooks(contract::tell_ready(workers));
  return launcher->wait();
}
