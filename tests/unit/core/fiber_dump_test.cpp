// FiberLoop::dump(): who waits for what, and where.
#include <doctest/doctest.h>

#include <string>

#include <thane/event.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/queue.hpp>

using namespace std::chrono_literals;
using thane::Fiber;
using thane::FiberLoop;
namespace this_fiber = thane::this_fiber;

// Not in the anonymous namespace: names of what is local to a file are not in the symbol table.
namespace fiber_dump_test {
[[gnu::noinline]] void waits_for_the_event(thane::Event& event) {
  event.wait();
  asm volatile("");  // No tail call: the frame has to stay.
}
[[gnu::noinline]] void calls_that(thane::Event& event) {
  waits_for_the_event(event);
  asm volatile("");
}
[[gnu::noinline]] void dumps(FiberLoop& loop, std::string& text) {
  text = loop.dump();
  asm volatile("");
}
}  // namespace fiber_dump_test

namespace {

std::string section(const std::string& dump, const std::string& name) {
  const auto begin = dump.find(" " + name + ": ");
  REQUIRE(begin != std::string::npos);
  return dump.substr(begin, dump.find("\nfiber ", begin) - begin);
}

TEST_CASE("a dump shows name, state and stack of every fiber") {
  FiberLoop loop{{.time = thane::Time::simulated}};
  thane::Event event;
  thane::Queue<int> queue{1};
  loop.run([&] {
    const Fiber waiter = loop.spawn([&] { fiber_dump_test::calls_that(event); }, "waiter");
    const Fiber sleeper = loop.spawn([] { this_fiber::sleep_for(2s); }, "sleeper");
    const Fiber popper = loop.spawn([&] { queue.pop(); }, "popper");
    this_fiber::yield();
    const Fiber fresh = loop.spawn([] {}, "fresh");
    sleeper.kill();

    std::string dump;
    fiber_dump_test::dumps(loop, dump);
    CAPTURE(dump);
    CHECK(dump.find("fibers: 5\n") == 0);
    CHECK(section(dump, "main").find(" main: running\n") == 0);
    CHECK(section(dump, "main").find("at fiber_dump_test::dumps + 0x") != std::string::npos);
    const std::string stack = section(dump, "waiter");
    CHECK(stack.find(" waiter: waiting: event\n") == 0);
    const auto inner = stack.find("at fiber_dump_test::waits_for_the_event + 0x");
    const auto outer = stack.find("at fiber_dump_test::calls_that + 0x");
    CHECK(inner < outer);
    CHECK(outer != std::string::npos);
    CHECK(section(dump, "sleeper").find(" sleeper: ready, killed\n") == 0);
    CHECK(section(dump, "popper").find(" popper: waiting: queue, empty\n") == 0);
    CHECK(section(dump, "fresh") == " fresh: ready, not yet started\n");

    event.set();  // They go on as if nobody had looked.
    queue.push(1);
    waiter.wait();
    popper.wait();
  });
}

TEST_CASE("a dump says how long a deadline is away") {
  FiberLoop loop{{.time = thane::Time::simulated}};
  loop.run([&] {
    loop.spawn([] { this_fiber::sleep_for(2500ms); }, "sleeper");
    this_fiber::yield();
    CHECK(section(loop.dump(), "sleeper").find(" sleeper: waiting: sleeping, 2.500 s left\n") == 0);
  });
}

TEST_CASE("a dump from outside any fiber works too") {
  FiberLoop loop;
  CHECK(loop.dump() == "fibers: 0\n");
}

}  // namespace
