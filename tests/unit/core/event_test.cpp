// Event: set once, waited for by many.
#include <doctest/doctest.h>

#include <string>

#include <thane/event.hpp>
#include <thane/fiber_loop.hpp>

using namespace std::chrono_literals;
using thane::Event;
using thane::Fiber;
using thane::FiberLoop;
namespace this_fiber = thane::this_fiber;

namespace {

struct EventInLoop {
  Event event;  // Made before the loop: it needs none.
  FiberLoop loop{{.time = thane::Time::simulated}};
};

TEST_CASE_FIXTURE(EventInLoop, "set() wakes all that wait, first come, first served") {
  std::string log;
  loop.run([&] {
    for (char name = 'a'; name <= 'c'; ++name) {
      loop.spawn([this, &log, name] {
        event.wait();
        log += name;
      });
    }
    this_fiber::yield();
    event.set();
    event.wait();
    this_fiber::yield();
  });
  CHECK(log == "abc");
}

TEST_CASE_FIXTURE(EventInLoop, "clear() does not hold back who was woken already") {
  bool woken = false;
  loop.run([&] {
    const Fiber fiber = loop.spawn([&] {
      event.wait();
      woken = true;
    });
    this_fiber::yield();
    event.set();
    event.clear();
    fiber.wait();
    CHECK_FALSE(event.wait_for(1s));
  });
  CHECK(woken);
}

TEST_CASE_FIXTURE(EventInLoop, "wait_for() tells whether it was set in time") {
  loop.run([&] {
    const auto start = loop.now();
    CHECK_FALSE(event.wait_for(2s));
    CHECK(loop.now() - start == 2s);
    loop.spawn([&] {
      this_fiber::sleep_for(1s);
      event.set();
    });
    CHECK(event.wait_for(2s));
    CHECK(loop.now() - start == 3s);
  });
}

TEST_CASE_FIXTURE(EventInLoop,
                  "a wait that was over when the kill came returns; the next one throws") {
  std::string log;
  loop.run([&] {
    const Fiber fiber = loop.spawn([&] {
      event.wait();
      log += "woken ";
      this_fiber::yield();
      log += "not reached";
    });
    this_fiber::yield();
    event.set();
    fiber.kill();
    fiber.wait();
  });
  CHECK(log == "woken ");
}

TEST_CASE_FIXTURE(EventInLoop, "a killed fiber does not pass an event that is set") {
  bool passed = false;
  loop.run([&] {
    event.set();
    const Fiber fiber = loop.spawn([&] {
      this_fiber::current().kill();
      event.wait();
      passed = true;
    });
    fiber.wait();
  });
  CHECK_FALSE(passed);
}

}  // namespace
