// How a group ends: stop(), kill(), wait(), the destructor; in simulated time.
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

TEST_CASE_FIXTURE(Simulated, "its destructor waits on a fiber that is itself killed") {
  loop.run([&] {
    bool unwound = false;
    const Fiber owner = loop.spawn([&] {
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
      sleep_for(1h);
    });
    sleep_for(1s);
    owner.kill();
    owner.wait();
    CHECK(unwound);
    CHECK(elapsed() == 2s);
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
