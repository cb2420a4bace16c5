// Timeout: a limit on a scope.
#include <doctest/doctest.h>

#include <string>

#include <thane/event.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/timeout.hpp>

#include "support/simulated.hpp"

using namespace std::chrono_literals;
using thane::Event;
using thane::Fiber;
using thane::FiberLoop;
using thane::Timeout;
using thane::timeout_error;
using thane::testing::Simulated;
namespace this_fiber = thane::this_fiber;

namespace {

TEST_CASE_FIXTURE(Simulated, "what takes longer than the limit is interrupted when it is over") {
  loop.run([&] {
    const auto start = loop.now();
    Timeout limit{2s};
    CHECK_THROWS_WITH_AS(this_fiber::sleep_for(1h), "timed out after 2s", timeout_error);
    CHECK(loop.now() - start == 2s);
    CHECK(limit.expired());
  });
}

TEST_CASE_FIXTURE(Simulated, "a scope that is left in time has no effect afterwards") {
  loop.run([&] {
    {
      Timeout limit{2s};
      this_fiber::sleep_for(1s);
      CHECK_FALSE(limit.expired());
    }
    this_fiber::sleep_for(1h);
  });
}

TEST_CASE_FIXTURE(Simulated, "it throws once, so that the handler may suspend") {
  loop.run([&] {
    Timeout limit{1s};
    CHECK_THROWS_AS(this_fiber::sleep_for(1h), timeout_error);
    this_fiber::sleep_for(1s);
  });
}

TEST_CASE_FIXTURE(Simulated, "an inner limit throws first and leaves the outer one in force") {
  loop.run([&] {
    Timeout outer{5s};
    {
      Timeout inner{1s};
      CHECK_THROWS_AS(this_fiber::sleep_for(1h), timeout_error);
      CHECK(inner.expired());
      CHECK_FALSE(outer.expired());
    }
    CHECK_THROWS_AS(this_fiber::sleep_for(1h), timeout_error);
    CHECK(outer.expired());
  });
}

TEST_CASE_FIXTURE(Simulated, "an outer limit that is over first passes through the inner scope") {
  std::string log;
  loop.run([&] {
    Timeout outer{1s};
    try {
      Timeout inner{5s};
      try {
        this_fiber::sleep_for(1h);
      } catch (const timeout_error&) {
        log += inner.expired() ? "inner " : "not inner ";
        throw;
      }
    } catch (const timeout_error&) {
      log += outer.expired() ? "outer" : "?";
    }
  });
  CHECK(log == "not inner outer");
}

TEST_CASE_FIXTURE(Simulated, "a wait that was over before the limit keeps its result") {
  loop.run([&] {
    Event event;
    loop.spawn([&] {
      for (int i = 0; i < 1000; ++i) {  // Ahead of the waiter: the limit is over before it runs.
        loop.spawn([] {});
      }
      event.set();
    });
    Timeout limit{0s};
    event.wait();
    CHECK(limit.expired());
    CHECK_THROWS_AS(this_fiber::yield(), timeout_error);
  });
}

TEST_CASE_FIXTURE(Simulated, "below a mask nothing is thrown, right after it is") {
  loop.run([&] {
    Timeout limit{1s};
    {
      this_fiber::Mask mask;
      this_fiber::sleep_for(10s);
      CHECK(limit.expired());
    }
    CHECK_THROWS_AS(this_fiber::yield(), timeout_error);
  });
}

TEST_CASE_FIXTURE(Simulated, "a limit that nobody heard of ends with its scope") {
  loop.run([&] {
    {
      Timeout limit{1s};
      this_fiber::Mask mask;
      this_fiber::sleep_for(10s);
    }
    this_fiber::yield();
  });
}

TEST_CASE_FIXTURE(Simulated, "a kill comes before a timeout") {
  loop.run([&] {
    bool killed = false;
    const Fiber fiber = loop.spawn([&] {
      Timeout limit{1s};
      try {
        this_fiber::sleep_for(1h);
      } catch (const thane::fiber_killed&) {
        killed = true;
      }
    });
    this_fiber::yield();
    fiber.kill();
    fiber.wait();
    CHECK(killed);
  });
}

TEST_CASE_FIXTURE(Simulated, "the longest limit never ends") {
  loop.run([&] {
    Timeout limit{thane::Duration::max()};
    this_fiber::sleep_for(1000h);
  });
}

}  // namespace
