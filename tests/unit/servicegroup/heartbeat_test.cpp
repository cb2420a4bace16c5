// A service's heartbeat in simulated time, with a store that a test breaks.
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/servicegroup.hpp>
#include <utility>
#include <vector>

#include "support/captured_log.hpp"
#include "turns.hpp"

namespace servicegroup = thane::servicegroup;
namespace this_fiber = thane::this_fiber;
using namespace std::chrono_literals;
using servicegroup::Change;
using servicegroup::Heartbeat;
using servicegroup::Member;
using servicegroup::Record;

namespace {

Record::Time simulated_now() {
  const auto since = thane::FiberLoop::current().now().time_since_epoch();
  return Record::Time{std::chrono::duration_cast<Record::Time::duration>(since)};
}

// A store that is there, or is not, or does not answer.
struct Unreliable final : servicegroup::Store {
  enum State { works, gone, silent } state = works;
  int attempts = 0;
  int disconnects = 0;
  std::shared_ptr<servicegroup::Store> real = servicegroup::make_memory_store(simulated_now);

  servicegroup::Store& reached() {
    ++attempts;
    if (state == silent) this_fiber::sleep_for(1h);
    if (state == gone) throw servicegroup::StoreError("the cable is out");
    return *real;
  }
  void join(const Member& member, const Change& first) override { reached().join(member, first); }
  bool report(std::string_view host, std::string_view binary) override {
    return reached().report(host, binary);
  }
  std::vector<Record> list(const servicegroup::Filter& filter) override {
    return real->list(filter);
  }
  bool change(std::string_view, std::string_view, const Change&) override { return false; }
  bool remove(std::string_view host, std::string_view binary) override {
    return real->remove(host, binary);
  }
  void disconnect() override { ++disconnects; }
};

struct Beating {
  std::shared_ptr<Unreliable> store = std::make_shared<Unreliable>();
  Member member{.host = "node-1", .binary = "compute", .topic = "c", .version = 7};
  Heartbeat heartbeat{store, member};

  [[nodiscard]] Record record() const {
    const auto all = store->list({});
    REQUIRE(all.size() == 1);
    return all.front();
  }
  void run(const std::function<void()>& body) {
    thane::FiberLoop loop{{.time = thane::Time::simulated}};
    loop.run([&] {
      heartbeat.start();
      this_fiber::yield();
      body();
      heartbeat.stop();
      heartbeat.wait();
    });
  }
};

TEST_CASE_FIXTURE(Beating, "a service joins when it starts, and reports every interval") {
  run([&] {
    CHECK(record().member == member);
    CHECK(record().report_count == 0);
    this_fiber::sleep_for(35s);
    CHECK(record().report_count == 3);
    CHECK(is_up(record(), 60s));
  });
}

TEST_CASE_FIXTURE(Beating, "a service that was stopped leaves a record that ages into down") {
  run([&] {
    this_fiber::sleep_for(25s);
    heartbeat.stop();
    heartbeat.wait();
    CHECK(store->disconnects == 1);
    this_fiber::sleep_for(55s);
    CHECK(is_up(record(), 60s));
    this_fiber::sleep_for(1s);
    CHECK_FALSE(is_up(record(), 60s));
    heartbeat.start();
    this_fiber::yield();
    CHECK(is_up(record(), 60s));
    CHECK(record().report_count == 2);
  });
}

TEST_CASE_FIXTURE(Beating, "a database that is gone is logged once, tried again, and logged back") {
  const thane::testing::CapturedLog log;
  store->state = Unreliable::gone;
  run([&] {
    this_fiber::sleep_for(35s);
    CHECK(store->attempts == 4);
    CHECK(heartbeat.disconnected());
    CHECK(log.count("unable to report service status of compute on node-1: the cable is out") == 1);
    store->state = Unreliable::works;
    this_fiber::sleep_for(10s);
    CHECK(record().member == member);  // It had not even joined.
    store->state = Unreliable::gone;
    this_fiber::sleep_for(20s);
    store->state = Unreliable::works;
    this_fiber::sleep_for(10s);
    CHECK_FALSE(heartbeat.disconnected());
    CHECK(log.count("WARNING") == 2);
    CHECK(log.count("recovered from being unable to report service status of compute") == 2);
  });
}

TEST_CASE_FIXTURE(Beating, "what could not be reported in time is not made up for") {
  run([&] {
    this_fiber::sleep_for(5s);
    store->state = Unreliable::silent;
    this_fiber::sleep_for(10s);  // The report of 10 s takes an hour.
    store->state = Unreliable::works;
    this_fiber::sleep_for(1h + 22s);
    CHECK(store->attempts == 5);
    CHECK(store->disconnects == 0);  // As who asks for a turn and gets none.
  });
}

TEST_CASE_FIXTURE(Beating, "a stop does not wait for a database that does not answer") {
  store->state = Unreliable::silent;
  run([&] {
    const auto begin = thane::FiberLoop::current().now();
    heartbeat.stop();
    heartbeat.wait();
    CHECK(thane::FiberLoop::current().now() == begin);
  });
}

TEST_CASE_FIXTURE(Beating, "a record that was removed while its service runs is made anew") {
  const thane::testing::CapturedLog log;
  run([&] {
    CHECK(store->remove("node-1", "compute"));
    this_fiber::sleep_for(15s);
    CHECK(record().member == member);
    CHECK(log.count("is gone, and is made anew") == 1);
  });
}

TEST_CASE("a service that is new is disabled where new ones are") {
  const auto store = std::make_shared<Unreliable>();
  thane::FiberLoop loop{{.time = thane::Time::simulated}};
  loop.run([&] {
    Heartbeat heartbeat{store, {.host = "h", .binary = "b"}, {.enable_new_services = false}};
    heartbeat.start();
    this_fiber::yield();
    CHECK(store->list({}).front().disabled);
    CHECK(store->list({}).front().disabled_reason == "New service disabled due to config option.");
  });
}

TEST_CASE("a service without a host or a binary is refused") {
  const auto store = servicegroup::make_store("memory://");
  CHECK_THROWS_AS((Heartbeat{store, {.host = "h"}}), std::invalid_argument);
  CHECK_THROWS_AS((Heartbeat{store, {.binary = "b"}}), std::invalid_argument);
}

TEST_CASE("of several workers one reports, and when it does not, the next that asks") {
  servicegroup::internal::Turns turns{10s};
  const thane::TimePoint begin{1h};
  turns.take(begin);
  for (int beat = 1; beat < 5; ++beat) {
    CHECK(turns.try_take(begin + beat * 10s));              // The first worker.
    CHECK_FALSE(turns.try_take(begin + beat * 10s + 1ms));  // The second.
    CHECK_FALSE(turns.try_take(begin + beat * 10s + 8s));
  }
  CHECK(turns.try_take(begin + 50s + 1ms));  // The first hangs.
  CHECK_FALSE(turns.try_take(begin + 52s));
  CHECK(turns.try_take(begin + 60s));  // A beat may be a little early.
}

}  // namespace
