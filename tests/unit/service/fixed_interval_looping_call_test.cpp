// The beat of the fixed looping calls, in simulated time.
#include <thane/fixed_interval_looping_call.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <thane/fiber_loop.hpp>
#include <thane/fixed_interval_with_timeout_looping_call.hpp>
#include <vector>

#include "support/captured_log.hpp"
#include "support/simulated.hpp"

using namespace std::chrono_literals;
using thane::Duration;
using thane::FiberLoop;
using thane::FixedIntervalLoopingCall;
using thane::FixedIntervalWithTimeoutLoopingCall;
using thane::LoopingCallDone;
using thane::LoopingCallTimeOut;
using thane::testing::CapturedLog;
using thane::testing::Simulated;
using thane::this_fiber::sleep_for;

namespace {

struct Beats : Simulated {
  std::vector<Duration> starts;

  // When the calls began that take as long as given, the last of which ends the loop.
  std::vector<Duration> beats(Duration interval, std::vector<Duration> lasting) {
    loop.run([&] {
      FixedIntervalLoopingCall call{[&] {
        starts.push_back(elapsed());
        if (starts.size() > lasting.size()) throw LoopingCallDone();
        sleep_for(lasting[starts.size() - 1]);
      }};
      call.start(interval);
      call.wait();
    });
    return starts;
  }
};

// test_interval_adjustment: sleeps of 0.02, 0 and 0 seconds.
TEST_CASE_FIXTURE(Beats, "the sleep is the interval less what the function took") {
  CHECK(beats(1010ms, {990ms, 2000ms, 1010ms}) ==
        std::vector<Duration>{0ms, 1010ms, 3010ms, 4020ms});
}

// test_monotonic_timer
TEST_CASE_FIXTURE(Beats, "intervals below 10 ms, and below 1 ms, are kept") {
  CHECK(beats(4ms, {0ms, 1ms, 0ms}) == std::vector<Duration>{0ms, 4ms, 8ms, 12ms});
  starts.clear();
  begun = loop.now();
  CHECK(beats(100us, {0us, 90us}) == std::vector<Duration>{0us, 100us, 200us});
}

TEST_CASE_FIXTURE(Beats, "the first call comes at once, or after the initial delay") {
  loop.run([&] {
    FixedIntervalLoopingCall call{[&] { throw LoopingCallDone(); }};
    call.start(1s, {.initial_delay = 3s});
    call.wait();
    CHECK(elapsed() == 3s);
    call.start(1s);
    call.wait();
    CHECK(elapsed() == 3s);
  });
}

TEST_CASE_FIXTURE(Beats, "an overrun is warned of, at most once a second") {
  const CapturedLog log;
  beats(10ms, {1500ms, 5ms, 100ms, 100ms, 15ms});
  CHECK(log.count("Function 'timer' run outlasted interval by 1.49 sec") == 1);
  CHECK(log.count("outlasted") == 1);
}

TEST_CASE_FIXTURE(Beats, "an overrun below 10 ms is not worth a line") {
  const CapturedLog log;
  beats(10ms, {19ms, 5ms});
  CHECK(log.count("outlasted") == 0);
}

TEST_CASE_FIXTURE(Beats, "a function that never suspends and always overruns starves nobody") {
  loop.run([&] {
    int calls = 0;
    FixedIntervalLoopingCall call{[&] { ++calls; }};
    call.start(Duration{1});  // Due again before it could sleep.
    for (int i = 0; i < 10; ++i) {
      thane::this_fiber::yield();
    }
    CHECK(calls <= 11);
    call.stop();
    call.wait();
  });
}

// test_do_not_stop_on_exception
TEST_CASE_FIXTURE(Beats, "told not to stop, it survives errors and keeps the beat") {
  const CapturedLog log;
  loop.run([&] {
    FixedIntervalLoopingCall call{[&] {
                                    starts.push_back(elapsed());
                                    if (starts.size() == 3) throw LoopingCallDone(false);
                                    throw std::runtime_error("twice");
                                  },
                                  "flaky"};
    call.start(1s, {.stop_on_exception = false});
    CHECK_FALSE(std::any_cast<bool>(call.wait()));
  });
  CHECK(starts == std::vector<Duration>{0s, 1s, 2s});
  CHECK(log.count("Fixed interval looping call 'flaky' failed: twice") == 2);
}

TEST_CASE_FIXTURE(Beats, "after an error it pauses, even if the interval is shorter") {
  loop.run([&] {
    FixedIntervalLoopingCall call{[&] {
      starts.push_back(elapsed());
      if (starts.size() == 3) throw LoopingCallDone();
      throw 1;
    }};
    call.start(1ms, {.stop_on_exception = false});
    call.wait();
  });
  CHECK(starts == std::vector<Duration>{0ms, 100ms, 200ms});
}

TEST_CASE_FIXTURE(Beats, "an interval that is not positive is refused with its value") {
  loop.run([] {
    FixedIntervalLoopingCall call{[] {}, "poll"};
    CHECK_THROWS_WITH_AS(call.start(0s),
                         "looping call 'poll': the interval is 0 s, but must be more than 0",
                         std::invalid_argument);
    CHECK_THROWS_AS(call.start(-1s), std::invalid_argument);
    CHECK_FALSE(call.running());
  });
}

// test_looping_call_timed_out
TEST_CASE_FIXTURE(Beats, "with a timeout it gives up when the time is over, not a beat later") {
  const CapturedLog log;
  int calls = 0;
  loop.run([&] {
    FixedIntervalWithTimeoutLoopingCall call{[&] { ++calls; }};
    call.start(100ms, {.timeout = 350ms});
    CHECK_THROWS_WITH_AS(call.wait(), "Looping call timed out after 0.35 seconds",
                         LoopingCallTimeOut);
  });
  CHECK(elapsed() == 350ms);
  CHECK(calls == 4);
  CHECK(log.count("Looping call timed out") == 1);
}

TEST_CASE_FIXTURE(Beats, "the timeout counts the initial delay and ends even a failing loop") {
  int calls = 0;
  loop.run([&] {
    FixedIntervalWithTimeoutLoopingCall call{[&] {
      ++calls;
      throw std::runtime_error("again");
    }};
    call.start(1s, {.initial_delay = 2s, .stop_on_exception = false, .timeout = 3500ms});
    CHECK_THROWS_AS(call.wait(), LoopingCallTimeOut);
    CHECK(calls == 2);
    CHECK(elapsed() == 3500ms);

    call.start(1s, {.initial_delay = 1h, .timeout = 1s});
    CHECK_THROWS_AS(call.wait(), LoopingCallTimeOut);
    CHECK(calls == 2);
    CHECK(elapsed() == 4500ms);
  });
}

TEST_CASE_FIXTURE(Beats, "the timeout does not interrupt the function") {
  loop.run([&] {
    bool finished = false;
    FixedIntervalWithTimeoutLoopingCall call{[&] {
      sleep_for(5s);
      finished = true;
    }};
    call.start(1s, {.timeout = 2s});
    CHECK_THROWS_WITH_AS(call.wait(), "Looping call timed out after 5.00 seconds",
                         LoopingCallTimeOut);
    CHECK(finished);
  });
}

TEST_CASE_FIXTURE(Beats, "without a timeout, or done before it, it is an ordinary loop") {
  loop.run([&] {
    int calls = 0;
    FixedIntervalWithTimeoutLoopingCall call{[&] {
      if (++calls == 100) throw LoopingCallDone(calls);
    }};
    call.start(1s);
    CHECK(std::any_cast<int>(call.wait()) == 100);
    calls = 98;
    call.start(1s, {.timeout = 5s});
    CHECK(std::any_cast<int>(call.wait()) == 100);
    CHECK_FALSE(call.running());
  });
}

}  // namespace
