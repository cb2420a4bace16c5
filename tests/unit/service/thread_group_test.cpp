// Groups of fibers and timers, in simulated time.
#include <thane/thread_group.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thane/event.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/gate.hpp>
#include <thane/timeout.hpp>
#include <vector>

#include "support/captured_log.hpp"
#include "support/simulated.hpp"

using namespace std::chrono_literals;
using thane::Duration;
using thane::Fiber;
using thane::FiberLoop;
using thane::gate_closed_error;
using thane::ThreadGroup;
using thane::testing::CapturedLog;
using thane::testing::Simulated;
using thane::this_fiber::sleep_for;

namespace {

TEST_CASE_FIXTURE(Simulated,
                  "wait() blocks until all fibers have ended, and they leave the group") {
  loop.run([&] {
    ThreadGroup group;
    int ended = 0;
    for (const auto lasting : {1s, 3s, 2s}) {
      group.spawn([&ended, lasting] {
        sleep_for(lasting);
        ++ended;
      });
    }
    CHECK(ended == 0);  // spawn() returns before the fiber runs.
    CHECK(group.running() == 3);
    group.wait();
    CHECK(ended == 3);
    CHECK(elapsed() == 3s);
    CHECK(group.running() == 0);
    group.wait();
  });
}

TEST_CASE_FIXTURE(Simulated, "a full group makes spawn() wait, in the order of the callers") {
  loop.run([&] {
    ThreadGroup group{2};
    std::vector<std::string> ran;
    const auto job = [&](const char* name) {
      return [&ran, name] {
        ran.emplace_back(name);
        sleep_for(1s);
      };
    };
    group.spawn(job("first"));
    group.spawn(job("second"));
    for (const char* name : {"third", "fourth"}) {
      loop.spawn([&group, &job, name] { group.spawn(job(name)); });
    }
    thane::this_fiber::yield();
    CHECK(group.waiting() == 2);
    CHECK_FALSE(group.try_spawn(job("never")));
    CHECK(elapsed() == 0s);

    group.spawn(job("fifth"));  // Behind the others: two are done after 1 s, two after 2 s.
    CHECK(elapsed() == 2s);
    CHECK(group.running() == 1);
    CHECK(group.try_spawn(job("sixth")));
    group.wait();
    CHECK(ran == std::vector<std::string>{"first", "second", "third", "fourth", "fifth", "sixth"});
    CHECK(elapsed() == 3s);
  });
}

TEST_CASE_FIXTURE(Simulated, "a spawn() that is killed while it waits takes no place") {
  loop.run([&] {
    ThreadGroup group{1};
    group.spawn([] { sleep_for(1s); });
    bool ran = false;
    const Fiber waiting = loop.spawn([&] { group.spawn([&] { ran = true; }); });
    thane::this_fiber::yield();
    waiting.kill();
    waiting.wait();
    CHECK(group.waiting() == 0);
    group.wait();
    CHECK_FALSE(ran);
    CHECK(group.try_spawn([&] { ran = true; }));
    group.wait();
    CHECK(ran);
  });
}

TEST_CASE_FIXTURE(Simulated,
                  "a place that was handed over survives the kill of who waited for it") {
  loop.run([&] {
    ThreadGroup group{1};
    const Fiber first = group.spawn([] { sleep_for(1s); });
    bool ran = false;
    const Fiber waiting = loop.spawn([&] { group.spawn([&] { ran = true; }); });
    first.link([&](const Fiber&) { waiting.kill(); });  // Runs after the group's own link.
    group.wait();
    CHECK(ran);
    CHECK(group.try_spawn([] {}));
  });
}

// test_cancel_early, test_cancel_late, test_cancel_timeout
TEST_CASE_FIXTURE(Simulated, "a fiber that is killed before it ran never runs; the others go on") {
  loop.run([&] {
    ThreadGroup group;
    bool ran = false;
    bool finished = false;
    const Fiber late = group.spawn([&] {
      sleep_for(300ms);
      finished = true;
    });
    thane::this_fiber::yield();
    const Fiber early = group.spawn([&] { ran = true; });
    early.kill();
    early.wait();
    CHECK(group.running() == 1);
    late.wait();
    CHECK(finished);
    CHECK_FALSE(ran);
  });
}

TEST_CASE_FIXTURE(Simulated, "an exception that ends a fiber is logged once, with name or number") {
  const CapturedLog log;
  std::uint64_t odd_id = 0;
  loop.run([&] {
    ThreadGroup group;
    const Fiber fiber = group.spawn([] { throw std::runtime_error("out of luck"); }, "gambler");
    CHECK_THROWS_WITH(fiber.wait(), "out of luck");
    const Fiber odd = group.spawn([] { throw 1; });
    odd_id = odd.id();
    const Fiber killed = group.spawn([] { sleep_for(1h); }, "victim");
    thane::this_fiber::yield();
    killed.kill();
    group.wait();
  });
  CHECK(log.count("fiber 'gambler' failed: out of luck") == 1);
  CHECK(log.count("out of luck") == 1);
  CHECK(log.count("fiber '" + std::to_string(odd_id) + "' failed") == 1);
  CHECK(log.count("victim") == 0);
}

TEST_CASE_FIXTURE(Simulated, "links of a fiber are called when it ends, or at once if it has") {
  loop.run([&] {
    ThreadGroup group;
    int calls = 0;
    const Fiber fiber = group.spawn([] {});
    fiber.link([&](const Fiber& ended) {
      CHECK(ended.done());
      ++calls;
    });
    CHECK(calls == 0);
    group.wait();
    CHECK(calls == 1);
    fiber.link([&](const Fiber&) { ++calls; });
    CHECK(calls == 2);
  });
}

// test_add_timer, test_add_timer_args, test_add_dynamic_timer, test_add_dynamic_timer_args
TEST_CASE_FIXTURE(Simulated, "timers begin when they are added, or after their initial delay") {
  loop.run([&] {
    ThreadGroup group{1};
    std::vector<Duration> fixed;
    std::vector<Duration> delayed;
    std::vector<Duration> dynamic;
    group.add_timer(10s, [&] { fixed.push_back(elapsed()); });
    group.add_timer(
        10s, [&] { delayed.push_back(elapsed()); }, 5s);
    const auto timer = group.add_dynamic_timer(
        [&]() -> std::optional<Duration> {
          dynamic.push_back(elapsed());
          return std::nullopt;
        },
        {.initial_delay = 1s, .periodic_interval_max = 8s});
    CHECK(timer->running());
    CHECK(group.timers() == 3);
    CHECK(group.running() == 0);  // They take no place of the fibers.
    sleep_for(12s);
    CHECK(fixed == std::vector<Duration>{0s, 10s});
    CHECK(delayed == std::vector<Duration>{5s});
    CHECK(dynamic == std::vector<Duration>{1s, 9s});
  });
}

// test_add_and_remove_timer, test_add_and_remove_dynamic_timer
TEST_CASE_FIXTURE(Simulated, "a timer that ended leaves the group with all that it held") {
  loop.run([&] {
    ThreadGroup group;
    const auto held = std::make_shared<int>(1);
    auto stopped = group.add_timer(1s, [held] {});
    auto dynamic = group.add_dynamic_timer([held] { return 1s; });
    group.add_timer(1s, [held] { throw thane::LoopingCallDone(); });
    group.add_timer(1s, [held] { throw std::runtime_error("broken timer"); });
    CHECK(group.timers() == 4);
    sleep_for(500ms);
    CHECK(group.timers() == 2);
    stopped->stop();
    dynamic->stop();
    stopped->wait();
    dynamic->wait();
    CHECK(group.timers() == 0);
    stopped.reset();
    dynamic.reset();
    CHECK(held.use_count() == 1);
  });
}

// test_stop_timers
TEST_CASE_FIXTURE(Simulated, "stop_timers() leaves the fibers and the group as they are") {
  loop.run([&] {
    ThreadGroup group;
    group.add_timer(1s, [] {});
    group.add_dynamic_timer([] { return 1s; });
    group.spawn([] { sleep_for(1s); });
    thane::this_fiber::yield();
    group.stop_timers();
    thane::this_fiber::yield();
    CHECK(group.timers() == 0);
    CHECK(group.running() == 1);
    CHECK(group.try_spawn([] {}));
    group.wait();
  });
}

}  // namespace
