#include "respawn_throttle.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <random>
#include <vector>

using namespace std::chrono_literals;
using thane::Duration;
using thane::TimePoint;
using thane::internal::RespawnThrottle;

namespace {

constexpr TimePoint start{std::chrono::hours{1}};

// oslo.service's own rule (ProcessLauncher._start_child): a list of fork times; once it is longer
// than the number of workers its head is looked at, slept for, and dropped. Returns the fork's
// time.
struct Oslo {
  std::size_t workers;
  std::vector<TimePoint> fork_times = {};

  TimePoint fork_wanted(TimePoint now) {
    if (fork_times.size() > workers) {
      if (now - fork_times.front() < std::chrono::seconds{workers}) {
        now += 1s;
      }
      fork_times.erase(fork_times.begin());
    }
    fork_times.push_back(now);
    return now;
  }
};

TEST_CASE("the first set of workers and one respawn are forked at once") {
  RespawnThrottle throttle{2};
  for (int fork = 0; fork < 3; ++fork) {
    CHECK(throttle.delay(start) == Duration::zero());
    throttle.record_fork(start);
  }
  CHECK(throttle.delay(start) == Duration{1s});
}

TEST_CASE("a fork is free again when the window has passed") {
  RespawnThrottle throttle{2};
  for (int fork = 0; fork < 3; ++fork) {
    throttle.record_fork(start);
  }
  CHECK(throttle.delay(start + 2s - 1ns) == Duration{1s});
  CHECK(throttle.delay(start + 2s) == Duration::zero());
}

TEST_CASE("what was forgotten does not count") {
  RespawnThrottle throttle{1};
  throttle.record_fork(start);
  throttle.record_fork(start);
  CHECK(throttle.delay(start) == Duration{1s});
  throttle.forget();
  CHECK(throttle.delay(start) == Duration::zero());
}

TEST_CASE("on any history of deaths it forks when oslo.service does") {
  std::mt19937 random{20260101};
  for (int history = 0; history < 500; ++history) {
    const std::size_t workers = 1 + random() % 5;
    RespawnThrottle throttle{workers};
    Oslo oslo{workers};
    TimePoint now = start;
    for (int fork = 0; fork < 60; ++fork) {
      now += std::chrono::milliseconds{random() % 3 == 0 ? random() % 4000 : random() % 50};
      const TimePoint when = now + throttle.delay(now);
      REQUIRE(when == oslo.fork_wanted(now));
      throttle.record_fork(when);
      now = when;  // oslo.service sleeps till then; the supervisor queues what comes meanwhile.
    }
  }
}

}  // namespace
