// Records of services in a real PostgreSQL, and what happens to it meanwhile.
#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/offload.hpp>
#include <thane/servicegroup.hpp>
#include <thane/thread_group.hpp>
#include <thane/timeout.hpp>
#include <vector>

#include "support/captured_log.hpp"
#include "support/eventually.hpp"
#include "support/postgresql.hpp"
#include "support/store_contract.hpp"
#include "support/time_limit.hpp"

namespace servicegroup = thane::servicegroup;
using namespace std::chrono_literals;
using servicegroup::make_store;
using servicegroup::StoreError;
using thane::testing::PostgreSql;
using thane::testing::with_slack;

namespace {

PostgreSql& server() {
  static PostgreSql the_server;
  return the_server;
}

// Runs on fibers, and fails where it takes longer than it ever should.
void on_loop(const std::function<void()>& body) {
  thane::FiberLoop loop;
  loop.run([&] {
    const thane::Timeout limit{60s};
    body();
  });
}

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const StoreError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

// The longest that a fiber had to wait for its turn while `body` ran.
thane::Duration longest_pause(const std::function<void()>& body) {
  thane::FiberLoop& loop = thane::FiberLoop::current();
  thane::Duration longest{};
  const thane::Fiber other = loop.spawn([&] {
    for (auto last = loop.now();; last = loop.now()) {
      thane::this_fiber::sleep_for(1ms);
      longest = std::max(longest, loop.now() - last);
    }
  });
  body();
  other.kill();
  other.wait();
  return longest;
}

// First of all cases: the table is not there yet.
TEST_CASE("many that find an empty database at the same moment all join") {
  on_loop([] {
    thane::ThreadGroup group;
    int joined = 0;
    for (int i = 0; i < 8; ++i) {
      group.spawn([&joined, i] {
        const auto store = make_store(server().url());
        store->join({.host = std::to_string(i), .binary = "b"}, {});
        ++joined;
      });
    }
    group.wait();
    CHECK(joined == 8);
    const auto store = make_store(server().url());
    CHECK(store->list({}).size() == 8);
    for (int i = 0; i < 8; ++i) CHECK(store->remove(std::to_string(i), "b"));
  });
}

TEST_CASE("records in PostgreSQL are made, kept fresh, changed and removed") {
  on_loop([] { thane::testing::check_store_contract(*make_store(server().url())); });
}

TEST_CASE("a database that was restarted between two reports is not even noticed") {
  on_loop([] {
    const auto store = make_store(server().url());
    store->join({.host = "h", .binary = "restarted"}, {});
    server().stop();
    server().start();
    CHECK(store->report("h", "restarted"));
    CHECK(store->list({.binary = "restarted"}).front().report_count == 1);
  });
}

TEST_CASE("who is not let in is told why, and his password is not") {
  on_loop([] {
    const auto store = make_store(server().url("guessed"));
    const std::string why = message_of([&] { (void)store->list({}); });
    CHECK(why.find("password authentication failed") != std::string::npos);
    CHECK(why.find("guessed") == std::string::npos);
    CHECK(why.find('\n') == std::string::npos);
  });
}

TEST_CASE("a database that does not answer costs one fiber its time, and the others nothing") {
  on_loop([] {
    const auto store = make_store(server().url(), {.timeout = 300ms});
    server().freeze();
    const auto pause = longest_pause([&] {
      const auto begin = thane::FiberLoop::current().now();
      CHECK(message_of([&] { (void)store->list({}); }) ==
            "no answer from the database within 0.3 s");
      CHECK(thane::FiberLoop::current().now() - begin < with_slack(350ms));
    });
    server().thaw();
    CHECK(pause < with_slack(20ms));
    CHECK_NOTHROW((void)store->list({}));
  });
}

TEST_CASE("a service whose database goes and comes back serves on, and says so once each") {
  const thane::testing::CapturedLog log;
  on_loop([&] {
    const auto until = [](const std::function<bool()>& state) {
      const thane::Timeout limit{thane::testing::patience()};
      while (!state()) thane::this_fiber::sleep_for(5ms);
    };
    const auto until_logged = [&](const std::string& text) {
      until([&] { return log.count(text) > 0; });
    };
    const auto store = make_store(server().url());
    servicegroup::Heartbeat heartbeat{
        make_store(server().url()), {.host = "h", .binary = "beating"}, {.report_interval = 20ms}};
    heartbeat.start();
    until([&] { return !store->list({.binary = "beating"}).empty(); });
    server().stop();
    until_logged("unable to report service status of beating on h: ");
    CHECK(message_of([&] { (void)store->list({}); }).find("refused") != std::string::npos);
    thane::offload([] { thane::testing::observe_for(100ms); });  // Reports that fail, unlogged.
    server().start();
    until_logged("recovered from being unable to report service status of beating on h");
    CHECK(log.count("unable to report service status of beating on h: ") == 1);
    heartbeat.stop();
    heartbeat.wait();
    const auto left = store->list({.binary = "beating"});
    REQUIRE(left.size() == 1);
    CHECK(is_up(left.front(), 60s));
    CHECK(store->remove("h", "beating"));
  });
}

}  // namespace
