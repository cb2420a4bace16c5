// rabbit:// on a real RabbitMQ: calls and casts, and all that can happen to a broker meanwhile.
#include <doctest/doctest.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <thane/acceptor.hpp>
#include <thane/event.hpp>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/offload.hpp>
#include <thane/rpc.hpp>
#include <thane/timeout.hpp>

#include "support/captured_log.hpp"
#include "support/certificates.hpp"
#include "support/child_process.hpp"
#include "support/rabbitmq.hpp"
#include "support/rpc_load.hpp"
#include "support/temporary_directory.hpp"

namespace rpc = thane::rpc;
using nlohmann::json;
using namespace std::chrono_literals;
using thane::testing::Authority;
using thane::testing::CapturedLog;
using thane::testing::ChildProcess;
using thane::testing::Exit;
using thane::testing::Load;
using thane::testing::patience;
using thane::testing::RabbitMq;
using Clock = std::chrono::steady_clock;

namespace {

// One node for all cases, with TLS on a second port.
struct Node {
  Authority authority{};
  thane::testing::CertificateFiles files = authority.issue("broker");
  RabbitMq broker{"listeners.ssl.1 = 127.0.0.1:@TLS_PORT@\nssl_options.cacertfile = " +
                  authority.certificate() + "\nssl_options.certfile = " + files.certificate +
                  "\nssl_options.keyfile = " + files.key};
};

Node& node() {
  static Node the_node;
  return the_node;
}

RabbitMq& broker() {
  return node().broker;
}

// How often a method was called.
class Count {
 public:
  void add() {
    ++count_;
    news_.set();
  }
  [[nodiscard]] bool reaches(int wanted) {
    while (count_ < wanted) {
      news_.clear();
      if (!news_.wait_for(patience())) break;
    }
    return count_ == wanted;
  }

 private:
  int count_ = 0;
  thane::Event news_;
};

// What the server of most cases does.
rpc::Endpoint endpoint(Count& bumps) {
  rpc::Endpoint all{{.version = "1.3"}};
  all.method("echo", {"arg"}, [](const rpc::Context&, json arg) { return arg; });
  all.method("bump", {}, [&bumps](const rpc::Context&) { bumps.add(); });
  all.method("fail", {}, [](const rpc::Context&) { throw rpc::Failure{"m", "C", "sorry"}; });
  return all;
}

// A server and a client, each with a transport of its own.
struct Pair {
  explicit Pair(const std::string& name, const std::string& query = {},
                const std::string& url = broker().url())
      : target{.exchange = "x-" + name, .topic = name},
        server(rpc::Transport::from(url + query),
               {.exchange = target.exchange, .topic = name, .server = "s1"}, {endpoint(bumps)}),
        client(rpc::Transport::from(url + query), target, {.timeout = 15s}) {
    server.start();
  }
  ~Pair() {
    server.stop();
    server.wait();
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  json echo(json value) { return client.call("echo", {{"arg", std::move(value)}}); }
  // For a load: one call, whose answer has to be its own.
  std::function<void()> caller() {
    return [this, next = std::make_shared<int>(0)] {
      const int mine = ++*next;
      if (echo(mine) != mine) throw std::logic_error("another's answer");
    };
  }
  // Until queues are bound again a call finds none, and is lost as any that nobody listens for.
  [[nodiscard]] bool answers_within(std::chrono::seconds limit) const {
    for (const auto begin = Clock::now(); Clock::now() - begin < limit;) {
      try {
        return client.prepare({.timeout = 300ms}).call("echo", {{"arg", 1}}) == 1;
      } catch (const rpc::MessagingTimeout&) {
      }
    }
    return false;
  }

  Count bumps;
  rpc::Target target;
  rpc::Server server;
  rpc::Client client;
};

// A way to the broker that can be closed, with all who are on it.
class Detour {
 public:
  Detour() { open(); }
  ~Detour() { close(); }
  Detour(const Detour&) = delete;
  Detour& operator=(const Detour&) = delete;

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  void open() {
    listener_.emplace(thane::Listener::tcp("127.0.0.1", port_));
    port_ = listener_->port();
    acceptor_.emplace(*listener_);
    fibers_.emplace();
    fibers_->spawn([this] {
      for (;;) serve(acceptor_->accept());
    });
  }
  void close() {
    if (!fibers_) return;
    fibers_->kill();
    fibers_->wait();
    fibers_.reset();
    acceptor_.reset();
    listener_.reset();
  }

 private:
  struct Ends {
    thane::Stream client;
    thane::Stream server;
  };

  void serve(thane::Stream client) {
    const auto port = static_cast<std::uint16_t>(broker().port());
    const auto ends = std::make_shared<Ends>(
        Ends{std::move(client), thane::Stream::connect_tcp("127.0.0.1", port)});
    fibers_->spawn([ends] { carry(ends->client, ends->server); });
    fibers_->spawn([ends] { carry(ends->server, ends->client); });
  }
  static void carry(thane::Stream& from, thane::Stream& to) {
    std::array<char, 16384> buffer;
    try {
      while (const auto size = from.read_some(buffer)) to.write_all({buffer.data(), size});
      to.shutdown_write();
    } catch (const std::exception&) {  // One of the ends has gone.
    }
  }

  std::uint16_t port_ = 0;
  std::optional<thane::Listener> listener_;
  std::optional<thane::Acceptor> acceptor_;
  std::optional<thane::ThreadGroup> fibers_;
};

// Runs on fibers, and fails where it takes longer than it ever should.
void on_loop(const std::function<void()>& body) {
  thane::FiberLoop loop;
  loop.run([&] {
    const thane::Timeout limit{60s};
    body();
  });
}

bool comes_to_log(const CapturedLog& log, const std::string& text) {
  return thane::offload(
      [&] { return thane::testing::eventually([&] { return log.count(text) > 0; }); });
}

double seconds_of(const std::function<void()>& body) {
  const auto begin = Clock::now();
  body();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

TEST_CASE("calls are answered, casts executed, and exceptions reach their callers") {
  for (const char* query :
       {"", "?kombu_compression=gzip", "?kombu_compression=bzip2", "?amqp_durable_queues=true",
        "?rabbit_quorum_queue=true", "?rabbit_qos_prefetch_count=1"}) {
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

TEST_CASE("a wrong password and a wrong virtual host are told at once") {
  on_loop([] {
    const std::string address = "127.0.0.1:" + std::to_string(broker().port());
    for (const std::string& url :
         {"rabbit://guest:wrong@" + address + "/", "rabbit://" + address + "/nowhere"}) {
      const auto transport = rpc::Transport::from(url);
      CHECK(seconds_of([&] {
              CHECK_THROWS_AS((rpc::Client{transport, {.topic = "t"}}.cast("bump")),
                              rpc::MessageDeliveryFailure);
              rpc::Server server{transport, {.topic = "t", .server = "s"}, {}};
              CHECK_THROWS_AS(server.start(), rpc::ServerListenError);
            }) < 5);
    }
  });
}

TEST_CASE("without a broker a call ends at its timeout, and a cast after its retries") {
  on_loop([] {
    const rpc::Client client{rpc::Transport::from("rabbit://127.0.0.1:1/"), {.topic = "t"}};
    const double took = seconds_of([&] {
      CHECK_THROWS_AS(client.prepare({.timeout = 500ms}).call("echo"), rpc::MessagingTimeout);
    });
    CHECK(took > 0.4);
    CHECK(took < 1.5);
    CHECK(seconds_of([&] {
            CHECK_THROWS_AS(client.prepare({.retry = 0}).cast("bump"), rpc::MessageDeliveryFailure);
          }) < 0.5);
  });
}

TEST_CASE("of several hosts one that lives is found") {
  on_loop([] {
    Pair pair{"hosts", "",
              "rabbit://127.0.0.1:1,127.0.0.1:" + std::to_string(broker().port()) + "/"};
    CHECK(pair.echo(1) == 1);
  });
}

TEST_CASE("TLS is spoken with a broker whose certificate is trusted, and with no other") {
  on_loop([] {
    const std::string url = "rabbit://localhost:" + std::to_string(broker().tls_port()) + "/";
    const std::string trusted = "?ssl=true&ssl_ca_file=" + node().authority.certificate();
    Pair pair{"tls", trusted + "&ssl_enforce_hostname_verification=true", url};
    CHECK(pair.echo("secret") == "secret");
    const rpc::Client wary{rpc::Transport::from(url + "?ssl=true"), {.topic = "t"}};
    try {
      wary.prepare({.retry = 0}).cast("bump");
      FAIL("the certificate was trusted");
    } catch (const rpc::MessageDeliveryFailure& error) {
      CHECK(std::string{error.what()}.find("not trusted") != std::string::npos);
    }
  });
}

TEST_CASE("connections that are closed by force are replaced, and no call is lost") {
  on_loop([] {
    Pair pair{"forced"};
    Load load{64, pair.caller()};
    CHECK(load.reaches(640));
    thane::offload([] { (void)broker().ctl("close_all_connections test"); });
    CHECK(load.reaches(640));
    load.stop();
    CHECK(load.errors.empty());
  });
}

TEST_CASE("of two hosts the other is taken when one goes, and no call is lost") {
  on_loop([] {
    Detour one;
    Detour other;
    Pair pair{"detours", "", "rabbit://" + one.address() + "," + other.address() + "/"};
    Load load{64, pair.caller()};
    for (Detour* const gone : {&one, &other}) {
      CHECK(load.reaches(640));
      gone->close();
      CHECK(load.reaches(640));
      gone->open();
    }
    load.stop();
    CHECK(load.errors.empty());
  });
}

TEST_CASE("a queue that is deleted is declared and consumed from again") {
  on_loop([] {
    Pair pair{"deleted"};
    CHECK(pair.echo(1) == 1);
    thane::offload([] { (void)broker().ctl("delete_queue deleted"); });
    CHECK(pair.answers_within(3s));
    CHECK(pair.client.prepare({.server = "s1"}).call("echo", {{"arg", 3}}) == 3);
  });
}

TEST_CASE("a broker short of memory stops publishers, but not the loop, nor a stop") {
  const CapturedLog log;
  on_loop([&] {
    auto pair = std::make_unique<Pair>("alarm");
    CHECK(pair->echo(1) == 1);
    thane::offload([] { (void)broker().ctl("set_vm_memory_high_watermark absolute 1"); });
    CHECK_THROWS_AS(pair->client.prepare({.timeout = 300ms}).call("echo", {{"arg", 2}}),
                    rpc::MessagingTimeout);
    bool sent = false;
    const thane::Fiber blocked = thane::FiberLoop::current().spawn([&] {
      pair->client.cast("bump");
      sent = true;
    });
    CHECK(comes_to_log(log, "the broker takes no messages"));
    CHECK_FALSE(sent);
    thane::offload([] { (void)broker().ctl("set_vm_memory_high_watermark absolute 1GB"); });
    blocked.wait();
    CHECK(pair->bumps.reaches(1));

    thane::offload([] { (void)broker().ctl("set_vm_memory_high_watermark absolute 1"); });
    CHECK(seconds_of([&] { pair.reset(); }) < 8);
    thane::offload([] { (void)broker().ctl("set_vm_memory_high_watermark absolute 1GB"); });
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
