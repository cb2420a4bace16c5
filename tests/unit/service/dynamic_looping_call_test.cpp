// The dynamic and the back-off looping call, in simulated time.
#include <thane/dynamic_looping_call.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <stdexcept>
#include <thane/back_off_looping_call.hpp>
#include <thane/fiber_loop.hpp>
#include <vector>

#include "support/captured_log.hpp"
#include "support/simulated.hpp"

using namespace std::chrono_literals;
using thane::BackOffLoopingCall;
using thane::Duration;
using thane::DynamicLoopingCall;
using thane::FiberLoop;
using thane::LoopingCallDone;
using thane::LoopingCallTimeOut;
using thane::testing::CapturedLog;
using thane::testing::Simulated;

namespace {

struct Starts : Simulated {
  std::vector<Duration> starts;

  std::size_t start() {
    starts.push_back(elapsed());
    return starts.size();
  }
};

// test_interval_adjustment, test_repeat
TEST_CASE_FIXTURE(Starts, "a dynamic call sleeps what it returned, but not past the maximum") {
  loop.run([&] {
    DynamicLoopingCall call{[&]() -> Duration {
      switch (start()) {
        case 1:
          return 11s;
        case 2:
          return 1s;
        default:
          throw LoopingCallDone();
      }
    }};
    call.start({.periodic_interval_max = 5s});
    call.wait();
  });
  CHECK(starts == std::vector<Duration>{0s, 5s, 6s});
}

// test_timeout_task_without_return
TEST_CASE_FIXTURE(Starts, "a dynamic call that returns nothing sleeps the maximum") {
  loop.run([&] {
    DynamicLoopingCall call{[&]() -> std::optional<Duration> {
      if (start() == 2) throw LoopingCallDone();
      return std::nullopt;
    }};
    call.start({.periodic_interval_max = 5s});
    call.wait();
  });
  CHECK(starts == std::vector<Duration>{0s, 5s});
}

// test_timeout_task_without_return_and_max_periodic
TEST_CASE_FIXTURE(Starts, "a dynamic call with neither a sleep nor a maximum is an error") {
  loop.run([&] {
    DynamicLoopingCall call{[] { return std::nullopt; }};
    call.start({.stop_on_exception = false});  // Not an error of the function: it ends the loop.
    CHECK_THROWS_WITH_AS(call.wait(),
                         "A dynamic interval looping call should supply either an interval or "
                         "periodic_interval_max",
                         std::runtime_error);
  });
}

// test_initial_delay
TEST_CASE_FIXTURE(Starts, "a dynamic call sleeps its initial delay first") {
  loop.run([&] {
    DynamicLoopingCall call{[&] {
      if (start() == 2) throw LoopingCallDone();
      return 1s;
    }};
    call.start({.initial_delay = 3s});
    call.wait();
  });
  CHECK(starts == std::vector<Duration>{3s, 4s});
}

// test_do_not_stop_on_exception
TEST_CASE_FIXTURE(Starts, "a dynamic call that fails pauses instead of running at once") {
  const CapturedLog log;
  loop.run([&] {
    DynamicLoopingCall call{[&]() -> Duration {
      if (start() == 4) throw LoopingCallDone();
      throw std::runtime_error("no luck");
    }};
    call.start({.stop_on_exception = false, .pause_after_error = 2s});
    call.wait();
  });
  CHECK(starts == std::vector<Duration>{0s, 2s, 4s, 6s});
  CHECK(log.count("Dynamic interval looping call 'timer' failed: no luck") == 3);
}

// test_terminate_on_exception
TEST_CASE_FIXTURE(Starts, "a dynamic call ends with the exception of its function") {
  loop.run([] {
    DynamicLoopingCall call{[]() -> Duration { throw std::runtime_error("no luck"); }};
    call.start();
    CHECK_THROWS_WITH_AS(call.wait(), "no luck", std::runtime_error);
  });
}

TEST_CASE_FIXTURE(Starts, "a dynamic call with nothing to sleep lets others run in between") {
  loop.run([&] {
    int calls = 0;
    DynamicLoopingCall call{[&] { return ++calls % 2 == 0 ? 0s : -5s; }};
    call.start();
    for (int i = 0; i < 10; ++i) {
      thane::this_fiber::yield();
    }
    CHECK(calls >= 9);
    CHECK(calls <= 11);
    call.stop();
    call.wait();
  });
}

// test_exponential_backoff, test_exponential_backoff_negative_value
TEST_CASE_FIXTURE(Starts, "back-off sleeps 1.6, 2.4 ... seconds and gives up before 300") {
  std::vector<double> means;
  loop.run([&] {
    BackOffLoopingCall call{[&] {
      start();
      return false;
    }};
    call.start({.gauss = [&](double mean, double deviation) {
      means.push_back(mean);
      CHECK(deviation == 0.1);
      return starts.size() % 2 == 0 ? 0.8 : -0.8;
    }});
    CHECK_THROWS_WITH_AS(call.wait(), "Looping call timed out after 411.99 seconds",
                         LoopingCallTimeOut);
  });
  CHECK(starts.size() == 12);
  CHECK(starts[1] == 1600ms);
  CHECK(starts[2] == 4000ms);
  CHECK(starts[3] == 7600ms);
  CHECK(elapsed() == starts.back());  // It did not sleep the sleep that was too long.
  CHECK(means == std::vector<double>(12, 0.75));
}

// test_no_backoff
TEST_CASE_FIXTURE(Starts, "back-off after a success sleeps the starting interval") {
  loop.run([&] {
    BackOffLoopingCall call{[&] {
      if (start() == 4) throw LoopingCallDone(std::string{"value"});
      return true;
    }};
    call.start({.gauss = [](double, double) { return 1.0; }});
    CHECK(std::any_cast<std::string>(call.wait()) == "value");
  });
  CHECK(starts == std::vector<Duration>{0s, 1s, 2s, 3s});
}

// test_no_sleep
TEST_CASE_FIXTURE(Starts, "back-off that is done at the first call does not sleep") {
  loop.run([&] {
    BackOffLoopingCall call{[]() -> bool { throw LoopingCallDone(); }};
    call.start();
    call.wait();
    CHECK(elapsed() == 0s);
  });
}

// test_max_interval
TEST_CASE_FIXTURE(Starts, "back-off sleeps no longer than the maximum") {
  loop.run([&] {
    BackOffLoopingCall call{[&] {
      if (start() == 30) throw LoopingCallDone();
      return false;
    }};
    call.start({.timeout = 0s, .max_interval = 60s, .gauss = [](double, double) { return 0.8; }});
    call.wait();
  });
  for (std::size_t i = 1; i < starts.size(); ++i) {
    CHECK(starts[i] - starts[i - 1] <= 60s);
  }
  CHECK(starts[29] - starts[28] == 60s);
}

TEST_CASE_FIXTURE(Starts, "back-off draws its own jitter, and ends with an exception") {
  loop.run([&] {
    BackOffLoopingCall call{[&] {
                              if (start() == 2) throw std::runtime_error("gone");
                              return false;
                            },
                            "connect"};
    const CapturedLog log;
    call.start();
    CHECK_THROWS_WITH_AS(call.wait(), "gone", std::runtime_error);
    CHECK(log.count("Dynamic backoff interval looping call 'connect' failed: gone") == 1);
  });
  CHECK(starts[1] > 100ms);  // 2 s times a jitter around 0.75; 7 deviations off at the least.
  CHECK(starts[1] < 2900ms);
}

}  // namespace
