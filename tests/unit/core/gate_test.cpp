// Gate: close it, wait for the holders.
#include <doctest/doctest.h>

#include <utility>

#include <thane/fiber_loop.hpp>
#include <thane/gate.hpp>

using namespace std::chrono_literals;
using thane::Fiber;
using thane::FiberLoop;
using thane::Gate;
namespace this_fiber = thane::this_fiber;

namespace {

struct GateInLoop {
  Gate gate;
  FiberLoop loop{{.time = thane::Time::simulated}};
};

TEST_CASE_FIXTURE(GateInLoop, "wait() blocks until the last holder has left") {
  loop.run([&] {
    const auto start = loop.now();
    for (const auto time : {1s, 3s, 2s}) {
      loop.spawn([this, time] {
        const auto holder = gate.hold();
        this_fiber::sleep_for(time);
      });
    }
    this_fiber::yield();
    gate.close();
    CHECK(gate.count() == 3);
    gate.wait();
    CHECK(loop.now() - start == 3s);
    CHECK(gate.count() == 0);
  });
}

TEST_CASE_FIXTURE(GateInLoop, "a closed gate lets nobody in until it is opened again") {
  gate.close();
  CHECK_THROWS_AS((void)gate.hold(), thane::gate_closed_error);
  CHECK_FALSE(gate.try_hold());
  CHECK(gate.count() == 0);
  gate.reopen();
  CHECK(gate.try_hold());
}

TEST_CASE_FIXTURE(GateInLoop, "a holder may be moved, and counts once") {
  Gate::Holder first = gate.hold();
  Gate::Holder second = std::move(first);
  CHECK(gate.count() == 1);
  CHECK_FALSE(first);
  second = Gate::Holder{};
  CHECK(gate.count() == 0);
}

TEST_CASE_FIXTURE(GateInLoop, "wait_for() tells whether the holders left in time") {
  loop.run([&] {
    const Fiber fiber = loop.spawn([&] {
      const auto holder = gate.hold();
      this_fiber::sleep_for(3s);
    });
    this_fiber::yield();
    CHECK_FALSE(gate.wait_for(2s));
    CHECK(gate.wait_for(2s));
    CHECK(gate.wait_for(0s));
  });
}

TEST_CASE_FIXTURE(GateInLoop, "a killed holder leaves the gate, a killed waiter the queue") {
  loop.run([&] {
    const Fiber holder = loop.spawn([&] {
      const auto hold = gate.hold();
      this_fiber::sleep_for(1h);
    });
    const Fiber waiter = loop.spawn([&] { gate.wait(); });
    this_fiber::yield();
    waiter.kill();
    waiter.wait();
    holder.kill();
    gate.wait();
  });
}

}  // namespace
