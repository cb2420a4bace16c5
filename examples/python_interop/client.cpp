// A reader who asks the library, in whatever language that is written; client.py is the same.
//
//   ./client --transport-url rabbit://guest:guest@127.0.0.1:5672/
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <thane/event.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/rpc.hpp>
#include <vector>

namespace rpc = thane::rpc;
using namespace std::chrono_literals;
using nlohmann::json;

void show(const std::string& what, const std::string& came) {
  std::printf("%-24s %s\n", what.c_str(), came.c_str());
}

void find(const rpc::Client& library, const std::string& title) {
  try {
    show("find " + title, library.call("find", {{"title", title}}).dump());
  } catch (const rpc::RemoteError& error) {
    show("find " + title, error.exc_type() + ": " + error.value());
  }
}

void lend(const rpc::Transport& transport, const rpc::Client& library) {
  thane::Event told;
  rpc::NotificationEndpoint listening;
  listening.on(rpc::Priority::info, [&](const rpc::Notification& notification) {
    show(notification.event_type(), notification.payload().dump());
    told.set();
    return rpc::NotificationResult::handled;
  });
  rpc::NotificationListener listener{
      transport, {rpc::Target{.topic = "notifications"}}, std::vector{listening}};
  listener.start();
  const json lent = library.call("lend", {{"title", "Dune"}, {"reader", "Ada"}});
  if (!told.wait_for(5s)) show("library.lent", "was not told");
  show("lend Dune", lent.dump());
  listener.stop();
  listener.wait();
}

int main(int argc, char** argv) {
  const auto config = thane::Config::from_command_line(argc, argv, {rpc::options()});
  thane::FiberLoop{}.run([&] {
    const auto transport = rpc::Transport::from(config);
    const rpc::Client library{transport, {.topic = "library", .version = "1.1"}, {.timeout = 5s}};
    find(library, "R.U.R.");
    find(library, "Emma");
    find(library.prepare({.version = "2.0"}), "Dune");
    lend(transport, library);
    library.cast("greet", {{"name", "one reader"}});
    library.prepare({.fanout = true}).cast("greet", {{"name", "another reader"}});
  });
}
