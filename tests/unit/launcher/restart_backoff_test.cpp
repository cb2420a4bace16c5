#include "restart_backoff.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace std::chrono_literals;
using thane::Duration;
using thane::TimePoint;
using thane::internal::RespawnThrottle;
using thane::internal::RestartBackoff;

namespace {

constexpr TimePoint origin{1h};

bool about(Duration delay, Duration expected) {
  return delay >= expected * 9 / 10 && delay <= expected * 11 / 10;
}

TEST_CASE("the delay of a crash loop doubles up to half a minute") {
  RestartBackoff backoff{1};
  TimePoint now = origin;
  backoff.record_fork(now);
  backoff.record_death(now);
  CHECK(backoff.hold_back(now) == 0ns);  // The free one.
  backoff.record_fork(now);
  for (Duration expected :
       {200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms, 12800ms, 25600ms, 30000ms, 30000ms}) {
    backoff.record_death(now);
    const Duration delay = backoff.hold_back(now);
    CHECK(about(delay, expected));
    now += delay;
    backoff.record_fork(now);
  }
}

TEST_CASE("crashes that oslo.service would not throttle are free, however many") {
  std::mt19937 random{7};
  for (const std::size_t workers : {1U, 4U}) {
    RestartBackoff backoff{workers};
    RespawnThrottle oslo{workers};
    TimePoint now = origin;
    for (int crash = 0; crash < 500; ++crash) {
      now += std::chrono::milliseconds{1100 + random() % 3000};
      backoff.record_death(now);
      REQUIRE(oslo.delay(now) == 0ns);
      REQUIRE(backoff.hold_back(now) == 0ns);
      backoff.record_fork(now);
      oslo.record_fork(now);
    }
  }
}

TEST_CASE("a worker that has lived for a while after its delay is trusted again") {
  RestartBackoff backoff{1};
  TimePoint now = origin;
  for (int crash = 0; crash < 6; ++crash) {
    backoff.record_fork(now);
    backoff.record_death(now);
    now += backoff.hold_back(now);
  }
  CHECK(backoff.level() == 5);
  backoff.record_fork(now);
  now += 9s;
  backoff.record_death(now);
  CHECK(backoff.hold_back(now) > 3s);
  now += 7s;
  backoff.record_fork(now);
  now += 11s;
  backoff.record_death(now);
  CHECK(backoff.level() == 0);
  CHECK(backoff.hold_back(now) == 0ns);
}

TEST_CASE("what was forgotten does not count, and services do not come back in step") {
  RestartBackoff one{1, 1};
  RestartBackoff other{1, 2};
  for (RestartBackoff* backoff : {&one, &other}) {
    backoff->record_fork(origin);
    backoff->record_fork(origin);
  }
  CHECK(one.hold_back(origin) != other.hold_back(origin));
  one.forget();
  CHECK(one.level() == 0);
  CHECK(one.hold_back(origin) == 0ns);
}

}  // namespace
