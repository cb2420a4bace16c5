// Calls and casts over a real RabbitMQ, and those that find no broker, or nobody.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <thane/event.hpp>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/rpc.hpp>

#include "pair.hpp"
#include "support/captured_log.hpp"
#include "support/child_process.hpp"
#include "support/temporary_directory.hpp"
#include "support/time_limit.hpp"

namespace rpc = thane::rpc;
using nlohmann::json;
using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

TEST_CASE("calls are answered, casts executed, and exceptions reach their callers") {
  for (const char* query :
       {"", "?kombu_compression=gzip", "?kombu_compression=bzip2", "?kombu_compression=zstd",
        "?amqp_durable_queues=true", "?rabbit_quorum_queue=true", "?rabbit_qos_prefetch_count=1"}) {
    INFO(query);
    on_loop([&] {
      const std::string name = "plain" + std::to_string(std::hash<std::string>{}(query));
      Pair pair{name, query};
      CHECK(pair.echo({{"a", {1, 2.5, "ž"}}}) == json{{"a", {1, 2.5, "ž"}}});
      const std::string large(300'000, 'x');  // Several frames.
      CHECK(pair.echo(large) == large);
      CHECK_THROWS_AS(pair.client.call("fail"), rpc::RemoteError);
      pair.client.cast("bump");
      pair.client.prepare({.server = "s1"}).cast("bump");
      pair.client.prepare({.fanout = true}).cast("bump");
      CHECK(pair.bumps.reaches(3));
    });
  }
}

TEST_CASE("a server that was stopped can be started again, and clients have noticed nothing") {
  on_loop([] {
    Pair pair{"again"};
    for (int i = 0; i < 3; ++i) {
      CHECK(pair.echo(i) == i);
      pair.server.stop();
      pair.server.wait();
      pair.server.start();
    }
    CHECK(pair.echo("last") == "last");
  });
}

TEST_CASE("a server that waits for its broker can be stopped") {
  const CapturedLog log;
  on_loop([&] {
    rpc::Server server{
        rpc::Transport::from("rabbit://127.0.0.1:1/"), {.topic = "t", .server = "s"}, {}};
    const thane::Fiber starting = thane::FiberLoop::current().spawn([&] { server.start(); });
    CHECK(comes_to_log(log, "no connection to 127.0.0.1:1"));
    server.stop();
    starting.wait();
    server.wait();
  });
}

TEST_CASE("a cast for nobody is told to whoever asked, and silently dropped otherwise") {
  on_loop([] {
    const auto client = rpc::Client{rpc::Transport::from(broker().url()), {.topic = "nobody"}};
    client.cast("bump");
    CHECK_THROWS_AS(client.prepare({.at_least_once = true}).cast("bump"),
                    rpc::MessageUndeliverable);
    CHECK_THROWS_AS(client.prepare({.timeout = 200ms}).call("echo"), rpc::MessagingTimeout);
  });
}

TEST_CASE("a call whose caller has given up is not begun, one that is monitored may take long") {
  on_loop([] {
    thane::Event release;
    int begun = 0;
    rpc::Endpoint endpoint;
    endpoint.method("hold", {}, [&](const rpc::Context&) { release.wait(); });
    endpoint.method("count", {}, [&](const rpc::Context&) { return ++begun; });
    endpoint.method("sleep", {}, [](const rpc::Context&) { thane::this_fiber::sleep_for(2500ms); });
    const auto transport = rpc::Transport::from(broker().url() + "?rabbit_qos_prefetch_count=1");
    rpc::Server server{
        transport, {.topic = "stale", .server = "s"}, {endpoint}, {.executor_thread_pool_size = 1}};
    server.start();
    const rpc::Client client{transport, {.topic = "stale"}};
    client.cast("hold");
    for (const auto timeout : {200ms, 300ms}) {
      CHECK_THROWS_AS(client.prepare({.timeout = timeout}).call("count"), rpc::MessagingTimeout);
    }
    release.set();
    // The server counts from when a message came: it may be just in time for the second one.
    CHECK(client.prepare({.timeout = 10s}).call("count").get<int>() <= 2);
    // One that is begun may take longer than signs of life may be missing.
    CHECK_NOTHROW(client.prepare({.call_monitor_timeout = 2s}).call("sleep"));
    server.stop();
    server.wait();
  });
}

TEST_CASE("a wrong password and a wrong virtual host are told at once") {
  on_loop([] {
    const std::string address = "127.0.0.1:" + std::to_string(broker().port());
    for (const std::string& url :
         {"rabbit://guest:wrong@" + address + "/", "rabbit://" + address + "/nowhere"}) {
      const auto transport = rpc::Transport::from(url);
      const Stopwatch since_begin;
      CHECK_THROWS_AS((rpc::Client{transport, {.topic = "t"}}.cast("bump")),
                      rpc::MessageDeliveryFailure);
      rpc::Server server{transport, {.topic = "t", .server = "s"}, {}};
      CHECK_THROWS_AS(server.start(), rpc::ServerListenError);
      CHECK(since_begin.elapsed() < 5s);
    }
  });
}

TEST_CASE("without a broker a call ends at its timeout, and a cast after its retries") {
  on_loop([] {
    const rpc::Client client{rpc::Transport::from("rabbit://127.0.0.1:1/"), {.topic = "t"}};
    const Stopwatch since_call;
    CHECK_THROWS_AS(client.prepare({.timeout = 500ms}).call("echo"), rpc::MessagingTimeout);
    CHECK(since_call.elapsed() >= 500ms);
    CHECK(since_call.elapsed() < with_slack(1s));
    const Stopwatch since_cast;
    CHECK_THROWS_AS(client.prepare({.retry = 0}).cast("bump"), rpc::MessageDeliveryFailure);
    CHECK(since_cast.elapsed() < with_slack(200ms));
    const rpc::Client other{rpc::Transport::from("rabbit://127.0.0.1:1/"), {.topic = "t"}};
    std::string why;
    try {
      other.prepare({.retry = 0}).call("echo");
    } catch (const rpc::MessageDeliveryFailure& error) {
      why = error.what();
    }
    CHECK(why.starts_with("Unable to connect to AMQP server on 127.0.0.1:1 after 1 tries: "));
  });
}

TEST_CASE("compute serves, and tells of it, over RabbitMQ by one option") {
  const thane::testing::TemporaryDirectory directory;
  const auto compute = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(),
                     {"--transport-url", broker().url(), "--compute-host", "node-1",
                      "--database-connection", "sqlite:///" + directory.file("services.sqlite")});
    return std::make_unique<ChildProcess>(EXAMPLES_DIR "/compute", arguments);
  };
  const auto service = compute({});
  service->expect_line("parent ready");
  CHECK(compute({"--compute-ask", "boot", "--compute-instance", "web-1"})->wait_exit() ==
        Exit{.code = 0});
  service->expect_line("heard compute.instance.create.end ");
  service->signal(SIGTERM);
  CHECK(service->wait_exit() == Exit{.code = 0});
}

}  // namespace
