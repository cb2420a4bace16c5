// Slots of periodic tasks, compared with oslo.service's own arithmetic.
#include "periodic_schedule.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

using namespace std::chrono_literals;
using std::chrono::seconds;
using thane::Duration;
using thane::TimePoint;
using thane::internal::nearest_boundary;
using thane::internal::PeriodicSlot;

namespace {

constexpr TimePoint at(std::int64_t second) {
  return TimePoint{seconds{second}};
}

// oslo.service, periodic_task.py, line for line, on whole seconds.
struct OsloTask {
  std::int64_t spacing;
  std::optional<std::int64_t> last_run;

  static std::int64_t modulo(std::int64_t a, std::int64_t b) { return ((a % b) + b) % b; }

  std::int64_t nearest_boundary(std::int64_t now, double random) const {
    if (!last_run) return now;
    const std::int64_t delta = now - *last_run;
    const std::int64_t offset = modulo(delta, spacing);
    const auto jitter = static_cast<std::int64_t>(static_cast<double>(spacing) * (random / 20));
    return now - offset + jitter;
  }
};

// One turn of run_periodic_tasks(): which tasks ran, and the idle time answered.
std::int64_t oslo_turn(std::vector<OsloTask>& tasks, std::int64_t now, double random,
                       std::vector<bool>& ran) {
  std::int64_t idle_for = 60;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    OsloTask& task = tasks[i];
    ran[i] = false;
    idle_for = std::min(idle_for, task.spacing);
    if (task.last_run) {
      const std::int64_t delta = *task.last_run + task.spacing - now;
      if (delta > 0) {
        idle_for = std::min(idle_for, delta);
        continue;
      }
    }
    ran[i] = true;
    task.last_run = task.nearest_boundary(now, random);
  }
  return idle_for;
}

// test_nearest_boundary
TEST_CASE("the nearest boundary is the last multiple of the spacing, plus at most 5 percent") {
  CHECK(nearest_boundary(std::nullopt, 10s, at(42), 0.5) == at(42));
  CHECK(nearest_boundary(at(10), 7s, at(19), 0) == at(17));
  CHECK(nearest_boundary(at(13), 7s, at(28), 0) == at(27));
  CHECK(nearest_boundary(at(781), 88s, at(1841), 0) == at(1837));
  CHECK(nearest_boundary(at(0), 200s, at(200), 1.0) == at(210));
  CHECK(nearest_boundary(at(0), 200s, at(200), 0.5) == at(205));
}

TEST_CASE("spacings below 20 seconds have no jitter") {
  CHECK(nearest_boundary(at(0), 19s, at(19), 0.999999) == at(19));
  CHECK(nearest_boundary(at(0), 100ms, at(1), 0.999999) == at(1));
}

TEST_CASE("the same tasks run at the same seconds as in oslo, on random histories") {
  std::mt19937_64 random{1319232};
  std::uniform_real_distribution<double> unit{0, 1};
  std::uniform_int_distribution<int> spacing{1, 400};
  std::uniform_int_distribution<int> pause{0, 120};

  for (int history = 0; history < 2'000; ++history) {
    const std::size_t count = 1 + static_cast<std::size_t>(unit(random) * 4);
    std::vector<OsloTask> oslo;
    std::vector<PeriodicSlot> slots;
    std::int64_t now = 1000;
    for (std::size_t i = 0; i < count; ++i) {
      oslo.push_back({.spacing = spacing(random), .last_run = std::nullopt});
      slots.emplace_back(seconds{oslo.back().spacing});
      if (unit(random) < 0.5) {
        oslo.back().last_run = now;
        slots.back().count_from(at(now));
      }
    }

    std::vector<bool> ran(count);
    for (int turn = 0; turn < 40; ++turn) {
      const double drawn = unit(random);
      const std::int64_t oslo_idle = oslo_turn(oslo, now, drawn, ran);
      Duration idle = 60s;
      for (std::size_t i = 0; i < count; ++i) {
        CHECK(slots[i].due(at(now)) == ran[i]);
        if (slots[i].due(at(now))) {
          slots[i].record_run(at(now), drawn);
        }
        CHECK(slots[i].last_run() == at(*oslo[i].last_run));
        idle = std::min(idle, slots[i].idle(at(now)));
      }
      CHECK(idle > 0s);
      CHECK(idle <= seconds{oslo_idle});  // Shorter only for a task that ran behind its slot.
      now += turn % 2 == 0 ? std::chrono::ceil<seconds>(idle).count() : pause(random);
    }
  }
}

// test_called_correct
TEST_CASE("a task every 9 seconds runs 22 times in 200 seconds, looked at each second") {
  PeriodicSlot slot{9s};
  slot.count_from(at(0));
  int runs = 0;
  for (int second = 1; second <= 200; ++second) {
    if (slot.due(at(second))) {
      slot.record_run(at(second), 0);
      ++runs;
    }
    CHECK(runs == second / 9);
  }
}

}  // namespace
