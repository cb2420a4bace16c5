// What all looping calls have in common, shown with the fixed and the dynamic one; in simulated
// time.
#include <thane/looping_call.hpp>

#include <doctest/doctest.h>

#include <any>
#include <memory>
#include <stdexcept>
#include <thane/dynamic_looping_call.hpp>
#include <thane/event.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/fixed_interval_looping_call.hpp>
#include <vector>

#include "support/captured_log.hpp"
#include "support/simulated.hpp"

using namespace std::chrono_literals;
using thane::Duration;
using thane::DynamicLoopingCall;
using thane::FiberLoop;
using thane::FixedIntervalLoopingCall;
using thane::LoopingCallDone;
using thane::testing::CapturedLog;
using thane::testing::Simulated;

namespace {

// test_return_true, test_return_false
TEST_CASE_FIXTURE(Simulated, "the value of LoopingCallDone comes out of wait(), true by default") {
  loop.run([] {
    FixedIntervalLoopingCall by_default{[] { throw LoopingCallDone(); }};
    by_default.start(1s);
    CHECK(std::any_cast<bool>(by_default.wait()));

    FixedIntervalLoopingCall of_choice{[] { throw LoopingCallDone(std::string{"found"}); }};
    of_choice.start(1s);
    CHECK(std::any_cast<std::string>(of_choice.wait()) == "found");

    DynamicLoopingCall dynamic{[]() -> Duration { throw LoopingCallDone(false); }};
    dynamic.start();
    CHECK_FALSE(std::any_cast<bool>(dynamic.wait()));
    CHECK_FALSE(std::any_cast<bool>(dynamic.wait()));  // As often as one likes.
  });
  CHECK(elapsed() == 0s);
}

// test_repeat
TEST_CASE_FIXTURE(Simulated, "it runs until it is done") {
  int calls = 0;
  loop.run([&] {
    FixedIntervalLoopingCall call{[&] {
      if (++calls == 5) throw LoopingCallDone(calls);
    }};
    call.start(1s);
    CHECK(std::any_cast<int>(call.wait()) == 5);
  });
  CHECK(elapsed() == 4s);
}

// test_terminate_on_exception
TEST_CASE_FIXTURE(Simulated, "an exception ends it, is logged once and comes out of every wait()") {
  const CapturedLog log;
  loop.run([&] {
    FixedIntervalLoopingCall call{[] { throw std::domain_error("broken"); }, "report"};
    call.start(1s);
    CHECK_THROWS_WITH_AS(call.wait(), "broken", std::domain_error);
    CHECK_THROWS_AS(call.wait(), std::domain_error);
    CHECK_FALSE(call.running());
  });
  CHECK(log.count("Fixed interval looping call 'report' failed: broken") == 1);
  CHECK(log.count("broken") == 1);
}

// test_no_double_start
TEST_CASE_FIXTURE(Simulated, "a second start() is an error while it runs, and none after it") {
  loop.run([] {
    int calls = 0;
    FixedIntervalLoopingCall call{[&] { ++calls; }};
    call.start(1s);
    CHECK_THROWS_WITH_AS(call.start(1s),
                         "A fixed interval looping call can only run one function at a time",
                         std::logic_error);
    call.stop();
    call.wait();
    call.start(1s);
    thane::this_fiber::sleep_for(1ms);
    CHECK(calls == 1);
    CHECK(call.running());

    DynamicLoopingCall dynamic{[] { return 1s; }};
    dynamic.start();
    CHECK_THROWS_WITH_AS(dynamic.start(),
                         "A dynamic interval looping call can only run one function at a time",
                         std::logic_error);
  });
}

// test_no_double_stop
TEST_CASE_FIXTURE(Simulated, "stop() cuts a sleep short at once, and may be called twice") {
  loop.run([&] {
    int calls = 0;
    FixedIntervalLoopingCall call{[&] { ++calls; }};
    call.start(1h);
    thane::this_fiber::sleep_for(1s);
    call.stop();
    call.stop();
    CHECK(std::any_cast<bool>(call.wait()));
    CHECK(elapsed() == 1s);
    call.stop();
    CHECK(calls == 1);
  });
}

TEST_CASE_FIXTURE(Simulated, "stop() cuts the initial delay short") {
  loop.run([&] {
    int calls = 0;
    FixedIntervalLoopingCall call{[&] { ++calls; }};
    call.start(1s, {.initial_delay = 1h});
    thane::this_fiber::sleep_for(5s);
    call.stop();
    call.wait();
    CHECK(elapsed() == 5s);
    CHECK(calls == 0);
  });
}

TEST_CASE_FIXTURE(Simulated, "stop() lets a running function finish") {
  loop.run([&] {
    bool finished = false;
    FixedIntervalLoopingCall call{[&] {
      thane::this_fiber::sleep_for(10s);
      finished = true;
    }};
    call.start(1s);
    thane::this_fiber::sleep_for(1s);
    call.stop();
    CHECK_FALSE(finished);
    call.wait();
    CHECK(finished);
    CHECK(elapsed() == 10s);
  });
}

TEST_CASE_FIXTURE(Simulated, "the function may stop its own loop, but not wait for it") {
  loop.run([] {
    int calls = 0;
    FixedIntervalLoopingCall* self = nullptr;
    FixedIntervalLoopingCall call{[&] {
      ++calls;
      self->stop();
      CHECK_THROWS_AS(self->wait(), std::logic_error);
    }};
    self = &call;
    call.start(1s);
    CHECK(std::any_cast<bool>(call.wait()));
    CHECK(calls == 1);
  });
}

TEST_CASE_FIXTURE(Simulated, "stop() before start() is remembered until a wait()") {
  loop.run([] {
    int calls = 0;
    FixedIntervalLoopingCall call{[&] { ++calls; }};
    call.stop();
    call.start(1s);
    CHECK(std::any_cast<bool>(call.wait()));
    CHECK(calls == 0);

    FixedIntervalLoopingCall other{[&] { ++calls; }};
    other.stop();
    CHECK(std::any_cast<bool>(other.wait()));
    other.start(1s);
    thane::this_fiber::sleep_for(1ms);
    CHECK(calls == 1);
  });
}

TEST_CASE_FIXTURE(Simulated, "wait() before start() has nothing to wait for") {
  loop.run([] {
    FixedIntervalLoopingCall call{[] {}};
    CHECK_FALSE(call.wait().has_value());
  });
}

TEST_CASE_FIXTURE(Simulated, "stop() of a loop that has ended does not hinder the next start()") {
  loop.run([] {
    int calls = 0;
    FixedIntervalLoopingCall call{[&] {
      ++calls;
      throw LoopingCallDone();
    }};
    for (int round = 1; round <= 3; ++round) {
      call.start(1s);
      call.wait();
      call.stop();
      CHECK(calls == round);
    }
  });
}

TEST_CASE_FIXTURE(Simulated, "a kill of its fiber does not leave a waiter hanging") {
  loop.run([] {
    FixedIntervalLoopingCall sleeping{[] {}};
    sleeping.start(1h);
    thane::this_fiber::sleep_for(1s);
    sleeping.fiber().kill();
    CHECK_FALSE(sleeping.wait().has_value());

    FixedIntervalLoopingCall never_ran{[] {}};
    never_ran.start(1h);
    never_ran.fiber().kill();
    CHECK_FALSE(never_ran.wait().has_value());
  });
}

TEST_CASE_FIXTURE(Simulated, "many may wait, and each gets the value") {
  loop.run([&] {
    FixedIntervalLoopingCall call{[] { throw LoopingCallDone(7); }};
    call.start(1s, {.initial_delay = 1s});
    int sum = 0;
    for (int i = 0; i < 3; ++i) {
      loop.spawn([&] { sum += std::any_cast<int>(call.wait()); });
    }
    thane::this_fiber::sleep_for(2s);
    CHECK(sum == 21);
  });
}

TEST_CASE_FIXTURE(Simulated, "its destructor waits for a running function") {
  loop.run([&] {
    bool finished = false;
    {
      FixedIntervalLoopingCall call{[&] {
        thane::this_fiber::sleep_for(3s);
        finished = true;
      }};
      call.start(1s);
      thane::this_fiber::sleep_for(1s);
    }
    CHECK(finished);
    CHECK(elapsed() == 3s);
  });
}

TEST_CASE_FIXTURE(Simulated, "its destructor on a killed fiber kills the function") {
  loop.run([&] {
    bool finished = false;
    const thane::Fiber owner = loop.spawn([&] {
      FixedIntervalLoopingCall call{[&] {
        thane::this_fiber::sleep_for(1h);
        finished = true;
      }};
      call.start(1s);
      thane::this_fiber::sleep_for(10s);
    });
    thane::this_fiber::sleep_for(1s);
    owner.kill();
    owner.wait();
    CHECK_FALSE(finished);
    CHECK(elapsed() == 1s);
  });
}

TEST_CASE_FIXTURE(Simulated, "the function may destroy its own loop") {
  loop.run([] {
    std::unique_ptr<FixedIntervalLoopingCall> call;
    int calls = 0;
    call = std::make_unique<FixedIntervalLoopingCall>([&] {
      ++calls;
      call.reset();
    });
    call->start(1s);
    thane::this_fiber::sleep_for(10s);
    CHECK(calls == 1);
  });
}

TEST_CASE("destroyed outside of fibers, it ends with the loop") {
  FiberLoop loop{FiberLoop::Options{.time = thane::Time::simulated}};
  int unwound = 0;
  {
    struct Count {
      int& unwound;
      ~Count() { ++unwound; }
    };
    FixedIntervalLoopingCall call{[&unwound] {
      const Count count{unwound};
      thane::this_fiber::sleep_for(1h);
    }};
    loop.run([&] {
      call.start(1s);
      thane::this_fiber::sleep_for(1s);
    });
  }
  loop.run([] { thane::this_fiber::sleep_for(1s); });
  CHECK(unwound == 1);
  CHECK(loop.fibers() == 0);
}

TEST_CASE("it may be made before there is a loop, and never started") {
  FixedIntervalLoopingCall call{[] {}};
  CHECK_FALSE(call.running());
  CHECK_FALSE(call.fiber());
  call.stop();
}

}  // namespace
