// The sleeps of the looping calls, compared with oslo.service's own formulas.
#include "loop_delays.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using thane::Duration;
using thane::TimePoint;
using thane::internal::BackOff;
using thane::internal::dynamic_sleep;
using thane::internal::from_seconds;
using thane::internal::in_seconds;
using thane::internal::next_beat;
using thane::internal::retry_sleep;

namespace {

constexpr TimePoint start{1h};

// oslo.service, loopingcall.py, in seconds: FixedIntervalLoopingCall.
struct OsloFixed {
  double interval;

  [[nodiscard]] double idle_for(double elapsed) const {
    const double delay = std::round((elapsed - interval) * 100) / 100;
    return delay < 0 ? -delay : 0;
  }
};

// DynamicLoopingCall; nothing is Python's RuntimeError.
std::optional<double> oslo_dynamic(std::optional<double> suggested, std::optional<double> max) {
  std::optional<double> delay = suggested;
  if (!delay) {
    if (!max) return std::nullopt;
    delay = max;
  } else if (max) {
    delay = std::min(*delay, *max);
  }
  return delay;
}

// BackOffLoopingCall, with gauss() already drawn.
struct OsloBackOff {
  double starting_interval, timeout, max_interval, jitter, min_interval;
  double interval = starting_interval;
  double error_time = 0;

  std::pair<double, bool> idle_for(bool success, double gauss) {
    const double random_jitter = std::abs(gauss);
    if (success) {
      interval = starting_interval;
      error_time = 0;
      return {interval * random_jitter, false};
    }
    double idle = std::max(interval * 2 * random_jitter, min_interval);
    idle = std::min(idle, max_interval);
    interval = std::max(interval * 2 * jitter, min_interval);
    if (timeout > 0 && error_time + idle > timeout) return {error_time + idle, true};
    error_time += idle;
    return {idle, false};
  }
};

// RetryDecorator, the sleeps of one invocation.
struct OsloRetry {
  double inc_sleep_time, max_sleep_time;
  double sleep_time = 0;

  double next() {
    sleep_time += inc_sleep_time;
    if (sleep_time > max_sleep_time) sleep_time = max_sleep_time;
    return sleep_time;
  }
};

BackOff::Limits limits_of(const OsloBackOff& oslo) {
  return {.starting_interval = from_seconds(oslo.starting_interval),
          .timeout = from_seconds(oslo.timeout),
          .max_interval = from_seconds(oslo.max_interval),
          .min_interval = from_seconds(oslo.min_interval),
          .jitter = oslo.jitter};
}

TEST_CASE("a beat that did not overrun is slept for as in oslo, but to the nanosecond") {
  std::mt19937_64 random{2022};
  std::uniform_int_distribution<int> interval_ms{1, 5000};
  std::uniform_int_distribution<int> elapsed_us{0, 10'000'000};

  for (int round = 0; round < 20'000; ++round) {
    const Duration interval = std::chrono::milliseconds{interval_ms(random)};
    const Duration elapsed = std::chrono::microseconds{elapsed_us(random)};
    const OsloFixed oslo{.interval = in_seconds(interval)};
    const double expected = oslo.idle_for(in_seconds(elapsed));

    const Duration sleep = next_beat(start, start + elapsed, interval) - (start + elapsed);

    CHECK(std::abs(in_seconds(sleep) - expected) <= 0.005 + 1e-9);  // What oslo rounds away.
    CHECK(sleep == std::max(interval - elapsed, Duration::zero()));
  }
}

TEST_CASE("beats do not drift, however late each of them began") {
  std::mt19937_64 random{5};
  std::uniform_int_distribution<int> late_us{0, 900};
  TimePoint due = start;

  for (int round = 1; round <= 10'000; ++round) {
    due = next_beat(due, due + std::chrono::microseconds{late_us(random)}, 1ms);
    CHECK(due == start + round * 1ms);
  }
}

TEST_CASE("beats missed by an overrun are skipped, and counting starts anew") {
  CHECK(next_beat(start, start + 35ms, 10ms) == start + 35ms);
  CHECK(next_beat(start + 35ms, start + 36ms, 10ms) == start + 45ms);
}

TEST_CASE("an interval without an end is never over") {
  CHECK(next_beat(start, start + 1s, Duration::max()) == thane::never);
}

TEST_CASE("a dynamic loop sleeps as in oslo, except that a negative sleep is none") {
  std::mt19937_64 random{2012};
  std::uniform_int_distribution<int> seconds{-5, 30};
  std::uniform_int_distribution<int> present{0, 3};

  for (int round = 0; round < 20'000; ++round) {
    std::optional<double> wanted;
    std::optional<Duration> wanted_here;
    if (const int drawn = seconds(random); present(random) > 0) {
      wanted = drawn;
      wanted_here = std::chrono::seconds{drawn};
    }
    std::optional<double> max;
    Duration max_here{};
    if (const int drawn = std::abs(seconds(random)) + 1; present(random) > 0) {
      max = drawn;
      max_here = std::chrono::seconds{drawn};
    }

    const auto expected = oslo_dynamic(wanted, max);
    const auto sleep = dynamic_sleep(wanted_here, max_here);

    REQUIRE(sleep.has_value() == expected.has_value());
    if (sleep) {
      CHECK(in_seconds(*sleep) == std::max(*expected, 0.0));
    }
  }
}

TEST_CASE("back-off follows oslo's on random histories of successes and failures") {
  std::mt19937_64 random{1660210};
  std::uniform_real_distribution<double> unit{0, 1};

  for (int history = 0; history < 2'000; ++history) {
    OsloBackOff oslo{.starting_interval = 0.01 + unit(random) * 3,
                     .timeout = unit(random) < 0.3 ? 0 : unit(random) * 500,
                     .max_interval = 1 + unit(random) * 300,
                     .jitter = 0.2 + unit(random) * 0.8,
                     .min_interval = 0.001 + unit(random) * 0.01};
    std::normal_distribution<double> gauss{oslo.jitter, 0.1};
    const double chance_of_success = unit(random) * 0.5;
    BackOff back_off{limits_of(oslo)};

    for (int call = 0; call < 40; ++call) {
      const bool success = unit(random) < chance_of_success;
      const double jitter = gauss(random);
      const auto [idle, timed_out] = oslo.idle_for(success, jitter);
      if (success) {
        const double expected = std::max(idle, oslo.min_interval);
        CHECK(in_seconds(back_off.after_success(jitter)) == doctest::Approx(expected));
        continue;
      }
      const auto sleep = back_off.after_failure(jitter);
      CHECK(sleep.timed_out == timed_out);
      CHECK(in_seconds(sleep.duration) == doctest::Approx(idle));
      if (timed_out) {
        break;
      }
    }
  }
}

// test_exponential_backoff: the published sequence.
TEST_CASE("back-off with jitter 0.8 drawn each time gives eleven growing sleeps, then times out") {
  const std::vector<double> published{1.6,    2.4,     3.6,      5.4,       8.1,       12.15,
                                      18.225, 27.3375, 41.00625, 61.509375, 92.2640625};
  for (const double jitter : {0.8, -0.8}) {  // test_exponential_backoff_negative_value
    BackOff back_off{{.starting_interval = 1s,
                      .timeout = 300s,
                      .max_interval = 300s,
                      .min_interval = 1ms,
                      .jitter = 0.75}};
    for (const double expected : published) {
      const auto sleep = back_off.after_failure(jitter);
      CHECK_FALSE(sleep.timed_out);
      CHECK(in_seconds(sleep.duration) == doctest::Approx(expected));
    }
    CHECK(back_off.after_failure(jitter).timed_out);
  }
}

TEST_CASE("back-off without a timeout fails for ever without overflow") {
  BackOff back_off{{.starting_interval = 1s,
                    .timeout = 0s,
                    .max_interval = 60s,
                    .min_interval = 1ms,
                    .jitter = 1.0}};
  for (int call = 0; call < 5'000; ++call) {
    const auto sleep = back_off.after_failure(call % 7 == 6 ? 0.0 : 1.0);
    CHECK_FALSE(sleep.timed_out);
    CHECK(sleep.duration >= 1ms);
    CHECK(sleep.duration <= 60s);
  }
}

TEST_CASE("retries sleep as in oslo within one invocation") {
  std::mt19937_64 random{31};
  std::uniform_int_distribution<int> step{1, 20'000};
  std::uniform_int_distribution<int> longest{1, 90'000};

  for (int history = 0; history < 2'000; ++history) {
    const int step_ms = step(random);
    const int longest_ms = longest(random);
    OsloRetry oslo{.inc_sleep_time = step_ms / 1000.0, .max_sleep_time = longest_ms / 1000.0};
    for (int retry = 1; retry <= 20; ++retry) {
      const Duration sleep = retry_sleep(retry, std::chrono::milliseconds{step_ms},
                                         std::chrono::milliseconds{longest_ms});
      CHECK(in_seconds(sleep) == doctest::Approx(oslo.next()));
    }
  }
  CHECK(retry_sleep(2'000'000'000, 10s, 60s) == 60s);
  CHECK(retry_sleep(3, 0s, 60s) == 0s);
}

}  // namespace
