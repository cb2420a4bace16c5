// A library with two workers, for callers in any language; server.py is the same in Python.
//
//   ./server --transport-url rabbit://guest:guest@127.0.0.1:5672/
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/rpc.hpp>
#include <vector>

namespace rpc = thane::rpc;
using nlohmann::json;

rpc::Endpoint make_library(const rpc::Transport& transport) {
  const std::map<std::string, std::string> authors{{"Dune", "Frank Herbert"},
                                                   {"R.U.R.", "Karel Čapek"}};
  const rpc::Notifier notifier{transport, {.publisher_id = "library", .drivers = {"messagingv2"}}};
  rpc::Endpoint library{{.version = "1.1"}};
  library.method("find", {"title"}, [authors](const rpc::Context&, const std::string& title) {
    const auto found = authors.find(title);
    if (found == authors.end()) throw rpc::Failure{"library", "NotHere", title + " is not here"};
    return json{{"title", title}, {"author", found->second}};
  });
  library.method(
      "lend", {"title", "reader"},
      [notifier](const rpc::Context& context, const std::string& title, const std::string& reader) {
        notifier.info(context, "library.lent", {{"title", title}, {"reader", reader}});
        return true;
      });
  library.method("greet", {"name"}, [](const rpc::Context&, const std::string& name) {
    thane::log::info("greetings from {}", name);
  });
  return library;
}

int main(int argc, char** argv) {
  const auto config =
      thane::Config::from_command_line(argc, argv, {thane::launcher_options(), rpc::options()});
  const auto transport = rpc::Transport::from(config);
  const rpc::Target target{.topic = "library", .server = "main hall"};
  auto server =
      std::make_unique<rpc::Server>(transport, target, std::vector{make_library(transport)});
  return thane::launch(config, std::move(server), {.workers = 2})->wait();
}
