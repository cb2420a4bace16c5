// Service: four verbs over one group, as a launcher calls them; in simulated time.
#include <thane/service.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <thane/fiber_loop.hpp>

using namespace std::chrono_literals;
using thane::this_fiber::sleep_for;

namespace {

class Clock final : public thane::Service {
 public:
  Clock() : Service(2) {}
  void start() override {
    ++starts;
    group().add_timer(1s, [this] { ++beats; });
    group().spawn([this] {
      sleep_for(1s);
      ++jobs;
    });
  }
  void reset() override { ++resets; }

  int starts = 0;
  int beats = 0;
  int jobs = 0;
  int resets = 0;
};

struct ClockInLoop {
  Clock clock;  // Made before the loop, as in a parent before fork().
  thane::FiberLoop loop{thane::FiberLoop::Options{.time = thane::Time::simulated}};
};

// test_override_manager_method
TEST_CASE_FIXTURE(ClockInLoop, "a started service does its work in the background") {
  loop.run([&] {
    clock.start();
    CHECK(clock.beats == 0);
    sleep_for(1500ms);
    CHECK(clock.beats == 2);
    CHECK(clock.name() == "clock");
    clock.stop();
    clock.wait();
  });
}

// test_graceful_stop
TEST_CASE_FIXTURE(ClockInLoop, "stop() and wait() let a job of one second finish") {
  loop.run([&] {
    clock.start();
    sleep_for(100ms);
    clock.stop();
    clock.wait();
    CHECK(clock.jobs == 1);
    CHECK(clock.beats == 1);
  });
}

TEST_CASE_FIXTURE(ClockInLoop, "stop(), wait(), reset() and start() make a restart") {
  loop.run([&] {
    for (int round = 1; round <= 3; ++round) {
      clock.start();
      sleep_for(2s);
      clock.stop();
      clock.wait();
      clock.reset();
      CHECK(clock.jobs == round);
      CHECK(clock.resets == round);
    }
  });
}

TEST_CASE_FIXTURE(ClockInLoop, "stop() and wait() of a service that never started do nothing") {
  loop.run([&] {
    clock.stop();
    clock.stop();
    clock.wait();
    clock.start();
    sleep_for(1s);
    CHECK(clock.beats >= 1);
    clock.stop();
    clock.wait();
  });
}

}  // namespace
