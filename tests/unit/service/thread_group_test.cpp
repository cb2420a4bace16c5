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

#include "captured_log.hpp"

using namespace std::chrono_literals;
using thane::Duration;
using thane::Fiber;
using thane::FiberLoop;
using thane::gate_closed_error;
using thane::ThreadGroup;
using thane::testing::CapturedLog;
using thane::this_fiber::sleep_for;

namespace {

struct Simulated {
  FiberLoop loop{FiberLoop::Options{.time = thane::Time::simulated}};
  thane::TimePoint begun = loop.now();

  [[nodiscard]] Duration elapsed() const { return loop.now() - begun; }
};

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

// test_stop_gracefully
TEST_CASE_FIXTURE(Simulated, "stop() ends timers at once and lets fibers finish") {
  loop.run([&] {
    ThreadGroup group;
    int beats = 0;
    bool finished = false;
    group.add_timer(1min, [&] { ++beats; });
    group.spawn([&] {
      sleep_for(10s);
      finished = true;
    });
    sleep_for(1s);
    group.stop();
    group.stop();
    CHECK_THROWS_AS(group.spawn([] {}), gate_closed_error);
    CHECK_THROWS_AS((void)group.try_spawn([] {}), gate_closed_error);
    CHECK_THROWS_AS(group.add_timer(1s, [] {}), gate_closed_error);
    CHECK_THROWS_AS(group.add_dynamic_timer([] { return 1s; }), gate_closed_error);
    group.wait();
    CHECK(finished);
    CHECK(beats == 1);
    CHECK(elapsed() == 10s);
  });
}

TEST_CASE_FIXTURE(Simulated, "stop() turns away who waits in spawn()") {
  loop.run([&] {
    ThreadGroup group{1};
    group.spawn([] { sleep_for(5s); });
    int refused = 0;
    for (int i = 0; i < 3; ++i) {
      loop.spawn([&] {
        try {
          group.spawn([] {});
        } catch (const gate_closed_error&) {
          ++refused;
        }
      });
    }
    thane::this_fiber::yield();
    CHECK(group.waiting() == 3);
    group.stop();
    CHECK(group.waiting() == 0);
    group.wait();
    CHECK(refused == 3);
    CHECK(elapsed() == 5s);
  });
}

TEST_CASE_FIXTURE(Simulated, "stop() right after a place was handed over still turns away") {
  loop.run([&] {
    ThreadGroup group{1};
    const Fiber first = group.spawn([] { sleep_for(1s); });
    bool refused = false;
    loop.spawn([&] {
      try {
        group.spawn([] {});
      } catch (const gate_closed_error&) {
        refused = true;
      }
    });
    thane::this_fiber::yield();
    first.link([&](const Fiber&) { group.stop(); });
    group.wait();
    CHECK(refused);
    CHECK(group.running() == 0);
  });
}

// test_stop_immediately
TEST_CASE_FIXTURE(Simulated, "kill() ends fibers and timer functions at once") {
  loop.run([&] {
    ThreadGroup group;
    int finished = 0;
    for (int i = 0; i < 3; ++i) {
      group.spawn([&] {
        sleep_for(1h);
        ++finished;
      });
    }
    group.add_timer(1s, [&] {
      sleep_for(1h);
      ++finished;
    });
    sleep_for(1s);
    group.kill();
    group.wait();
    CHECK(finished == 0);
    CHECK(elapsed() == 1s);
    CHECK(group.running() == 0);
    CHECK(group.timers() == 0);
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

// test_stop_current_thread
TEST_CASE_FIXTURE(Simulated, "a fiber that kills its own group survives, the others do not") {
  loop.run([&] {
    ThreadGroup group;
    int finished = 0;
    bool survived = false;
    for (int i = 0; i < 4; ++i) {
      group.spawn([&, i] {
        if (i == 2) {
          sleep_for(1s);
          group.kill();
          CHECK_FALSE(thane::this_fiber::killed());
          sleep_for(1s);
          survived = true;
        } else {
          sleep_for(10s);
          ++finished;
        }
      });
    }
    group.wait();
    CHECK(survived);
    CHECK(finished == 0);
    CHECK(elapsed() == 2s);
  });
}

TEST_CASE_FIXTURE(Simulated, "a timer may kill its own group, and finishes its function") {
  loop.run([&] {
    ThreadGroup group;
    int beats = 0;
    group.add_timer(1s, [&] {
      group.kill();
      sleep_for(1ms);
      ++beats;
    });
    group.wait();
    CHECK(beats == 1);
  });
}

TEST_CASE_FIXTURE(Simulated, "wait() by a member of the group throws instead of deadlocking") {
  const CapturedLog log;
  loop.run([&] {
    ThreadGroup group;
    group.spawn([&] { group.wait(); }, "careless");
    group.add_timer(1s, [&] { group.wait(); });
    group.wait();
  });
  CHECK(log.count("fiber 'careless' waits for the ThreadGroup it belongs to") == 1);
  CHECK(log.count("fiber 'timer' waits for the ThreadGroup it belongs to") == 1);
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

TEST_CASE_FIXTURE(Simulated, "after stop() and wait() the group may be used again") {
  loop.run([&] {
    ThreadGroup group;
    int runs = 0;
    group.stop();
    group.wait();  // Of a group that was never used.
    for (int round = 1; round <= 3; ++round) {
      group.add_timer(1s, [] {});
      group.spawn([&] { ++runs; });
      sleep_for(1s);
      group.stop();
      group.wait();
      CHECK(runs == round);
    }
  });
}

TEST_CASE_FIXTURE(Simulated, "many may wait; all return, though the first starts new work") {
  loop.run([&] {
    ThreadGroup group;
    group.add_timer(1s, [] {});
    int returned = 0;
    loop.spawn([&] {
      group.wait();
      ++returned;
      group.add_timer(1s, [] {});
    });
    loop.spawn([&] {
      group.wait();
      ++returned;
    });
    sleep_for(5s);
    CHECK(returned == 0);
    group.stop();
    sleep_for(5s);
    CHECK(returned == 2);
    CHECK(group.timers() == 1);
  });
}

TEST_CASE_FIXTURE(Simulated, "who gave up waiting does not open a stopped group") {
  loop.run([&] {
    ThreadGroup group;
    group.spawn([] { sleep_for(10s); });
    CHECK_THROWS_AS(
        [&] {
          const thane::Timeout timeout{1s};
          group.wait();
        }(),
        thane::timeout_error);
    group.stop();
    sleep_for(20s);
    CHECK(group.running() == 0);
    CHECK_THROWS_AS(group.spawn([] {}), gate_closed_error);
    group.wait();
    CHECK(group.try_spawn([] {}));
  });
}

TEST_CASE_FIXTURE(Simulated, "its destructor kills what is left and waits for it") {
  loop.run([&] {
    bool unwound = false;
    {
      ThreadGroup group;
      group.spawn([&] {
        try {
          sleep_for(1h);
        } catch (...) {
          const thane::this_fiber::Mask mask;
          sleep_for(1s);
          unwound = true;
          throw;
        }
      });
      group.add_timer(1s, [] { sleep_for(1h); });
      group.spawn([] { throw std::runtime_error("too late"); });
      thane::this_fiber::yield();
    }
    CHECK(unwound);
    CHECK(elapsed() == 1s);
    CHECK(loop.fibers() == 1);
  });
}

TEST_CASE_FIXTURE(Simulated, "a member may destroy its own group") {
  loop.run([&] {
    auto group = std::make_unique<ThreadGroup>(1);
    bool finished = false;
    group->spawn([&] {
      group->add_timer(1s, [] {});
      sleep_for(3s);
      group.reset();
      finished = true;
    });
    sleep_for(5s);
    CHECK(finished);
    CHECK(loop.fibers() == 1);
  });
}

TEST_CASE("a group may be made before there is a loop, and destroyed after it") {
  ThreadGroup group{3};
  CHECK(group.size() == 3);
  {
    FiberLoop loop{FiberLoop::Options{.time = thane::Time::simulated}};
    loop.run([&] {
      group.spawn([] { sleep_for(1h); });
      group.add_timer(1s, [] {});
      sleep_for(1s);
    });
  }
  CHECK(group.running() == 0);
  CHECK(group.timers() == 0);
}

}  // namespace
