// Servers and clients over fake://, in simulated time.
#include <thane/rpc/server.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <thane/event.hpp>
#include <thane/fiber.hpp>
#include <thane/fiber_local.hpp>
#include <thane/log.hpp>
#include <thane/rpc/client.hpp>
#include <thane/thread_group.hpp>

#include "call_monitor.hpp"
#include "fake_world.hpp"
#include "support/captured_log.hpp"

using namespace std::chrono_literals;
using namespace thane::rpc;
using nlohmann::json;
using thane::this_fiber::sleep_for;

namespace {

Endpoint make_endpoint(const std::string& name) {
  Endpoint endpoint{{.version = "1.3"}};
  endpoint.method("name", {}, [name](const Context&) { return name; });
  endpoint.method("echo", {"arg"}, [](const Context&, json arg) { return arg; });
  endpoint.method("context", {}, [](const Context& context) { return context.values(); });
  endpoint.method("logged", {},
                  [](const Context&) { return std::string{thane::log::request_id()}; });
  endpoint.method("sleep", {"seconds"}, [](const Context&, int seconds) {
    sleep_for(std::chrono::seconds{seconds});
    return seconds;
  });
  endpoint.method("fail", {}, [](const Context&) { throw std::invalid_argument("bad"); });
  return endpoint;
}

struct World : thane::testing::FakeWorld {
  [[nodiscard]] std::unique_ptr<Server> serve(const std::string& name,
                                              const ServerOptions& options = {}) const {
    auto server = std::make_unique<Server>(transport, Target{.topic = "t", .server = name},
                                           std::vector{make_endpoint(name)}, options);
    server->start();
    return server;
  }

  Client client{transport, {.topic = "t"}};
};

TEST_CASE_FIXTURE(World, "a call goes to one server of a topic in turn, or to the one it names") {
  run([&] {
    const auto one = serve("one");
    const auto two = serve("two");
    CHECK(client.call("name") != client.call("name"));
    CHECK(client.prepare({.server = "two"}).call("name") == "two");
    CHECK(client.prepare({.server = "one"}).call("echo", {{"arg", {1, "x"}}}) == json{1, "x"});
    end(*one);
    CHECK(client.call("name") == "two");
    end(*two);
  });
}

TEST_CASE_FIXTURE(World,
                  "what a method throws, and what there is no method for, is a RemoteError") {
  run([&] {
    const auto server = serve("one");
    const auto type_of = [&](const Client& asking, const char* method) -> std::string {
      try {
        asking.call(method);
        return "none";
      } catch (const RemoteError& error) {
        return error.exc_type();
      }
    };
    CHECK(type_of(client, "fail") == "ValueError");
    CHECK(type_of(client, "nope") == "NoSuchMethod");
    CHECK(type_of(client, "echo") == "TypeError");
    CHECK(type_of(client.prepare({.version = "1.4"}), "name") == "UnsupportedVersion");
    CHECK(type_of(client.prepare({.version = "1.2"}), "name") == "none");
    end(*server);
  });
}

TEST_CASE_FIXTURE(World, "a call ends at its timeout, and by default after a minute") {
  run([&] {
    const auto begun = loop.now();
    CHECK_THROWS_AS(client.call("name"), MessagingTimeout);
    CHECK(loop.now() - begun == 60s);
    CHECK_THROWS_AS(client.prepare({.timeout = 2s}).call("name"), MessagingTimeout);
    CHECK(loop.now() - begun == 62s);
  });
}

TEST_CASE_FIXTURE(World, "a monitored call ends when there is no sign of life, not earlier") {
  run([&] {
    const auto server = serve("one");
    const auto monitored = client.prepare({.timeout = 1h, .call_monitor_timeout = 4s});
    CHECK(monitored.call("sleep", {{"seconds", 600}}) == 600);
    CHECK_THROWS_AS(monitored.prepare({.timeout = 5s}).call("sleep", {{"seconds", 10}}),
                    MessagingTimeout);
    const auto begun = loop.now();
    CHECK_THROWS_AS(monitored.prepare({.topic = "nobody"}).call("name"), MessagingTimeout);
    CHECK(loop.now() - begun == 4s);
    end(*server);
  });
}

TEST_CASE(
    "heartbeats come at half the time asked for, in whole seconds, and not for less than two") {
  using internal::heartbeat_interval;
  CHECK(heartbeat_interval(4) == 2s);
  CHECK(heartbeat_interval("4") == 2s);
  CHECK(heartbeat_interval(2.9) == 1s);
  for (const json& none : {json{}, json(1), json(1.9), json(-3), json("x"), json::array(),
                           json(86'400), json(1e300)}) {
    CHECK_FALSE(heartbeat_interval(none));
  }
}

TEST_CASE_FIXTURE(World,
                  "heartbeats come from the first interval on, for who waits for an answer") {
  struct Counting final : internal::Incoming {
    void acknowledge() noexcept override {}
    void requeue() noexcept override {}
    void reply(internal::Reply) noexcept override {}
    void heartbeat() noexcept override { ++beats; }
    int beats = 0;
  };
  run([&] {
    Counting call;
    Counting cast;
    call.message_id = "1";
    call.monitor_timeout = cast.monitor_timeout = 4;
    const internal::CallMonitor of_call{call};
    const internal::CallMonitor of_cast{cast};
    sleep_for(1900ms);
    CHECK(call.beats == 0);
    sleep_for(4s);
    CHECK(call.beats == 2);
    CHECK(cast.beats == 0);
  });
}

TEST_CASE_FIXTURE(World, "a cast returns at once, a fanout reaches every server") {
  run([&] {
    int heard = 0;
    Endpoint endpoint;
    endpoint.method("hear", {}, [&](const Context&) { ++heard; });
    std::vector<std::unique_ptr<Server>> servers;
    for (const std::string name : {"one", "two", "three"}) {
      servers.push_back(std::make_unique<Server>(transport, Target{.topic = "t", .server = name},
                                                 std::vector{endpoint}));
      servers.back()->start();
    }
    client.cast("hear");
    CHECK(heard == 0);
    sleep_for(1ms);
    CHECK(heard == 1);
    client.prepare({.fanout = true}).cast("hear");
    sleep_for(1ms);
    CHECK(heard == 4);
    for (const auto& server : servers) end(*server);
    CHECK_THROWS_AS(client.prepare({.fanout = true}).call("hear"), InvalidTarget);
  });
}

TEST_CASE_FIXTURE(World,
                  "a server works on so many calls at a time, and finishes them when stopped") {
  run([&] {
    const auto server = serve("one", {.executor_thread_pool_size = 2});
    thane::ThreadGroup callers;
    int answered = 0;
    for (int i = 0; i < 5; ++i) {
      callers.spawn([&] {
        client.call("sleep", {{"seconds", 10}});
        ++answered;
      });
    }
    const auto begun = loop.now();
    sleep_for(1s);
    CHECK(server->running() == 2);
    CHECK(server->waiting() == 3);
    end(*server);
    CHECK(loop.now() - begun == 30s);
    callers.wait();
    CHECK(answered == 5);
    // It may be started again.
    server->start();
    CHECK(client.call("name") == "one");
    end(*server);
  });
}

TEST_CASE_FIXTURE(World, "what comes at once runs side by side, also behind a stop") {
  run([&] {
    const auto server = serve("one");
    thane::ThreadGroup callers;
    const auto begun = loop.now();
    for (int i = 0; i < 5; ++i) callers.spawn([&] { client.call("sleep", {{"seconds", 10}}); });
    while (server->waiting() < 5) thane::this_fiber::yield();
    CHECK(server->running() == 1);  // Which begins the others.
    end(*server);
    callers.wait();
    CHECK(loop.now() - begun == 10s);
  });
}

TEST_CASE_FIXTURE(World, "what nobody waits for any more is not begun") {
  run([&] {
    int heard = 0;
    Endpoint endpoint = make_endpoint("one");
    endpoint.method("hear", {}, [&](const Context&) { ++heard; });
    Server server{
        transport, {.topic = "t", .server = "one"}, {endpoint}, {.executor_thread_pool_size = 1}};
    server.start();
    client.cast("sleep", {{"seconds", 10}});
    CHECK_THROWS_AS(client.prepare({.timeout = 9s}).call("hear"), MessagingTimeout);
    client.prepare({.timeout = 11s}).call("hear");
    CHECK(heard == 1);
    end(server);
  });
}

TEST_CASE("a server whose fiber was killed before it began serves again when started") {
  const Transport transport = Transport::from("fake://");
  const Client client{transport, {.topic = "t"}};
  Server server{transport, {.topic = "t", .server = "one"}, {make_endpoint("one")}};
  {
    thane::FiberLoop loop{{.time = thane::Time::simulated}};
    loop.run([&] {
      server.start();
      client.cast("name");
      CHECK(server.waiting() == 1);
      server.stop();
    });
  }  // With the loop its fibers end.
  thane::FiberLoop loop{{.time = thane::Time::simulated}};
  loop.run([&] {
    server.start();
    CHECK(client.prepare({.timeout = 1s}).call("name") == "one");
    server.stop();
    server.wait();
  });
}

TEST_CASE_FIXTURE(World, "what callers are meant to see is not logged, what else is thrown is") {
  const thane::testing::CapturedLog log;
  Endpoint endpoint = make_endpoint("one");
  endpoint.method("sell", {}, [](const Context&) { throw Failure{"shop", "SoldOut", "no figs"}; });
  endpoint.method("pass", {}, [](const Context&) {
    throw RemoteError{{.exc_type = "SoldOut",
                       .module = "shop",
                       .value = "no figs",
                       .traceback = {},
                       .args = std::make_shared<json>(json::array()),
                       .kwargs = std::make_shared<json>(json::object())}};
  });
  run([&] {
    Server server{transport, {.topic = "t", .server = "one"}, {endpoint}};
    server.start();
    for (const char* const method : {"sell", "pass", "nope"}) {
      CHECK_THROWS_AS(client.call(method), RemoteError);
    }
    CHECK(log.count("threw") == 0);
    CHECK_THROWS_AS(client.call("fail"), RemoteError);
    CHECK(log.count("rpc-t: fail threw: ") == 1);
    client.cast("sell");  // Nobody else would learn of it.
    sleep_for(1ms);
    CHECK(log.count("rpc-t: sell threw: ") == 1);
    end(server);
  });
}

TEST_CASE_FIXTURE(World, "a call reaches the endpoint of its namespace") {
  Endpoint endpoint{{.name_space = "ns"}};
  endpoint.method("name", {}, [](const Context&) { return "spaced"; });
  run([&] {
    Server server{transport, {.topic = "t", .server = "one"}, {make_endpoint("one"), endpoint}};
    server.start();
    CHECK(client.prepare({.name_space = "ns"}).call("name") == "spaced");
    CHECK(client.call("name") == "one");
    end(server);
  });
}

TEST_CASE_FIXTURE(World, "who names no exchange is at that of the configuration") {
  run([&] {
    const auto server = serve("one");
    CHECK(client.prepare({.exchange = "openstack"}).call("name") == "one");
    end(*server);
  });
}

TEST_CASE_FIXTURE(World, "a message finds nothing of the one before it in its fiber") {
  thane::FiberLocal<int> seen;
  Endpoint endpoint;
  endpoint.method("count", {}, [&](const Context&) { return ++seen.get(); });
  run([&] {
    Server server{transport, {.topic = "t", .server = "one"}, {endpoint}};
    server.start();
    thane::ThreadGroup callers;
    for (int i = 0; i < 5; ++i) callers.spawn([&] { CHECK(client.call("count") == 1); });
    callers.wait();
    end(server);
  });
}

TEST_CASE_FIXTURE(World, "the context arrives, and its request id is in the log of both sides") {
  run([&] {
    const auto server = serve("one");
    const Context context{{{"user_id", "u1"}, {"request_id", "req-1"}}};
    CHECK(client.call(context, "context", json::object()) == context.values());
    CHECK(client.call(context, "logged", json::object()) == "req-1");
    CHECK(client.call("context") == json::object());
    const thane::log::RequestScope scope{"req-2"};
    CHECK(client.call("logged") == "req-2");
    end(*server);
  });
}

TEST_CASE_FIXTURE(World, "serializers change what leaves and what comes, at both ends") {
  using thane::testing::Packing;
  run([&] {
    const Context context{{{"user_id", "u"}}};
    const Client packing{transport, {.topic = "t"}, {.serializer = std::make_shared<Packing>("c")}};
    const auto plain = serve("plain");
    // It sees what is on the way: packed for the caller's own context.
    CHECK(client.call(context, "echo", {{"arg", 7}}) == 7);
    CHECK(packing.call(context, "echo", {{"arg", 7}}) == 7);
    CHECK_THROWS_AS(packing.call(context, "context", json::object()), json::out_of_range);
    end(*plain);
    const auto server = serve("s", {.serializer = std::make_shared<Packing>("s")});
    CHECK(packing.call(context, "echo", {{"arg", {1, "x"}}}) == json{1, "x"});
    CHECK(packing.call(context, "context", json::object()) == json{{"user_id", "u>c<s"}});
    const json packed{{"packed", 7}};
    CHECK(client.call(context, "echo", {{"arg", packed}}) == json{{"packed", 7}, {"for", "u<s"}});
    end(*server);
  });
}

TEST_CASE_FIXTURE(World, "a version cap keeps messages back that are above it") {
  const Client capped{transport, {.topic = "t", .version = "1.2"}, {.version_cap = "1.5"}};
  CHECK(capped.can_send_version());
  CHECK(capped.can_send_version("1.5"));
  CHECK_FALSE(capped.can_send_version("1.6"));
  CHECK_FALSE(capped.prepare({.version_cap = "1.1"}).can_send_version());
  CHECK(client.can_send_version("9.9"));
  run([&] {
    CHECK_THROWS_AS(capped.prepare({.version = "2.0"}).cast("x"), RPCVersionCapError);
    CHECK_THROWS_AS((void)capped.prepare({.version = "2"}), MessagingException);
    CHECK_THROWS_AS(client.prepare({.topic = ""}).cast("x"), InvalidTarget);
    CHECK_THROWS_AS(client.cast("x", json::array()), std::invalid_argument);
  });
}

TEST_CASE_FIXTURE(World, "ping is answered by servers that were told to") {
  run([&] {
    const auto server = serve("one", {.rpc_ping_enabled = true});
    CHECK(client.call("oslo_rpc_server_ping", {{"any", 1}}) == "pong");
    end(*server);
  });
  CHECK_THROWS_AS((Server{transport, {.topic = "t"}, {}}), InvalidTarget);
  CHECK_THROWS_AS((Server{transport, {.server = "s"}, {}}), InvalidTarget);
}

}  // namespace
