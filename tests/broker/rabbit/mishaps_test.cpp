// What can happen to a broker, and to connections and queues, while others rely on it.
#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include <thane/acceptor.hpp>
#include <thane/event.hpp>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/rpc.hpp>
#include <thane/thread_group.hpp>

#include "pair.hpp"
#include "support/captured_log.hpp"
#include "support/rpc_load.hpp"
#include "support/time_limit.hpp"

namespace rpc = thane::rpc;
using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

// A way to the broker that can be closed, with all who are on it.
class Detour {
 public:
  Detour() {
    thaw();
    open();
  }
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
  // Nothing goes either way any more, and nobody is told.
  void freeze() { open_.clear(); }
  void thaw() { open_.set(); }
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
    fibers_->spawn([this, ends] { carry(ends->client, ends->server); });
    fibers_->spawn([this, ends] { carry(ends->server, ends->client); });
  }
  void carry(thane::Stream& from, thane::Stream& to) {
    std::array<char, 16384> buffer;
    try {
      while (const auto size = from.read_some(buffer)) {
        open_.wait();
        to.write_all({buffer.data(), size});
      }
      to.shutdown_write();
    } catch (const std::exception&) {  // One of the ends has gone.
    }
  }

  std::uint16_t port_ = 0;
  thane::Event open_;
  std::optional<thane::Listener> listener_;
  std::optional<thane::Acceptor> acceptor_;
  std::optional<thane::ThreadGroup> fibers_;
};

// Until queues are bound again a message finds none, and is lost as any that nobody listens for.
bool comes_true(const std::function<bool()>& attempt) {
  for (const Stopwatch since_begin; since_begin.elapsed() < patience();) {
    if (attempt()) return true;
  }
  return false;
}

bool answers(const rpc::Client& client) {
  try {
    return client.prepare({.timeout = 300ms}).call("echo", {{"arg", 1}}) == 1;
  } catch (const rpc::MessagingTimeout&) {
    return false;
  }
}

TEST_CASE("of several hosts one that lives is found") {
  on_loop([] {
    Pair pair{"hosts", "",
              "rabbit://127.0.0.1:1,127.0.0.1:" + std::to_string(broker().port()) + "/"};
    CHECK(pair.echo(1) == 1);
  });
}

TEST_CASE("connections that are closed by force are replaced, and no call is lost") {
  on_loop([] {
    Pair pair{"forced", "?kombu_reconnect_delay=0.1"};
    Load load{64, pair.caller()};
    for (int i = 0; i < 5; ++i) {
      CHECK(load.reaches(320));
      at_broker([](RabbitMq& it) { it.close_connections(); });
    }
    CHECK(load.reaches(320));
    load.stop();
    for (const std::string& error : load.errors) CHECK(error == "");
  });
}

TEST_CASE(
    "what a server has begun when it loses its connection comes again, and is not begun twice") {
  on_loop([] {
    Pair pair{"once", "?kombu_reconnect_delay=0.1"};
    Load load{64, [&] { (void)pair.client.call("bump"); }};
    for (int i = 0; i < 3; ++i) {
      CHECK(load.reaches(320));
      at_broker([](RabbitMq& it) { it.close_connections("listen"); });
    }
    CHECK(load.reaches(320));
    load.stop();
    CHECK(load.errors.empty());
    CHECK(pair.bumps.reaches(load.done));
  });
}

TEST_CASE("of two hosts the other is taken when one goes, and no call is lost") {
  on_loop([] {
    Detour one;
    Detour other;
    Pair pair{"detours", "", "rabbit://" + one.address() + "," + other.address() + "/"};
    Load load{64, pair.caller()};
    for (Detour* const gone : {&one, &other}) {
      CHECK(load.reaches(320));
      gone->close();
      CHECK(load.reaches(320));
      gone->open();
    }
    load.stop();
    CHECK(load.errors.empty());
  });
}

TEST_CASE("of two hosts the other is taken when one falls silent") {
  on_loop([] {
    Detour one;
    Detour other;
    Pair pair{"silence", "?heartbeat_timeout_threshold=1&kombu_reconnect_delay=0.1",
              "rabbit://" + one.address() + "," + other.address() + "/"};
    CHECK(pair.echo(1) == 1);
    for (Detour* const silent : {&one, &other}) {
      silent->freeze();
      CHECK(pair.client.prepare({.timeout = 30s}).call("echo", {{"arg", 2}}) == 2);
      silent->thaw();
    }
  });
}

TEST_CASE("queues that are deleted, one or all at once, are declared and consumed from again") {
  on_loop([] {
    Pair pair{"deleted"};
    CHECK(pair.echo(1) == 1);
    at_broker([](RabbitMq& it) { it.delete_queue("deleted"); });
    CHECK(comes_true([&] { return answers(pair.client); }));
    CHECK(answers(pair.client.prepare({.server = "s1"})));
    at_broker([](RabbitMq& it) { it.delete_queues(); });
    CHECK(comes_true([&] { return answers(pair.client); }));
    CHECK(comes_true([&] { return answers(pair.client.prepare({.server = "s1"})); }));
    CHECK(comes_true([&] {
      pair.client.prepare({.fanout = true}).cast("bump");
      return pair.bumps.grows_within(300ms);
    }));
  });
}

// RabbitMQ forgets a consumer without a word whose queue is declared again before it has seen that
// the old one is gone.
TEST_CASE("queues are consumed from again that are deleted while one of them is declared again") {
  on_loop([] {
    Pair pair{"race"};
    CHECK(pair.echo(1) == 1);
    // The second time it is declared a second later, just when the others go.
    for (int i = 0; i < 2; ++i) {
      at_broker([](RabbitMq& it) { it.delete_queue("race"); });
      if (i == 0) CHECK(comes_true([&] { return answers(pair.client); }));
    }
    at_broker([](RabbitMq& it) { it.delete_queues_unnoticed(); });
    CHECK(comes_true([&] { return answers(pair.client); }));
    CHECK(comes_true([&] { return answers(pair.client.prepare({.server = "s1"})); }));
    CHECK(comes_true([&] {
      pair.client.prepare({.fanout = true}).cast("bump");
      return pair.bumps.grows_within(300ms);
    }));
  });
}

TEST_CASE("a broker short of memory stops publishers, but not the loop, nor a stop") {
  const CapturedLog log;
  on_loop([&] {
    auto pair = std::make_unique<Pair>("alarm");
    CHECK(pair->echo(1) == 1);
    at_broker([](RabbitMq& it) { it.run_out_of_memory(); });
    CHECK_THROWS_AS(pair->client.prepare({.timeout = 300ms}).call("echo", {{"arg", 2}}),
                    rpc::MessagingTimeout);
    bool sent = false;
    const thane::Fiber blocked = thane::FiberLoop::current().spawn([&] {
      pair->client.cast("bump");
      sent = true;
    });
    CHECK(comes_to_log(log, "the broker takes no messages"));
    CHECK_FALSE(sent);
    at_broker([](RabbitMq& it) { it.have_memory_again(); });
    blocked.wait();
    CHECK(pair->bumps.reaches(1));

    at_broker([](RabbitMq& it) { it.run_out_of_memory(); });
    const Stopwatch since_stop;
    pair.reset();
    CHECK(since_stop.elapsed() < 8s);
    at_broker([](RabbitMq& it) { it.have_memory_again(); });
  });
}

}  // namespace
