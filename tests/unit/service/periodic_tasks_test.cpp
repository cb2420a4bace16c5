// Periodic tasks, in simulated time.
#include <thane/periodic_tasks.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <thane/config.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/thread_group.hpp>
#include <vector>

#include "support/captured_log.hpp"
#include "support/simulated.hpp"

using namespace std::chrono_literals;
using thane::Duration;
using thane::PeriodicTasks;
using thane::testing::CapturedLog;
using thane::testing::Simulated;
using thane::this_fiber::sleep_for;

namespace {

struct CountedRuns : Simulated {
  int runs = 0;

  std::function<void()> count() {
    return [this] { ++runs; };
  }
};

double no_jitter() {
  return 0;
}

// test_called_thrice
TEST_CASE_FIXTURE(CountedRuns, "due tasks run, a crashing one does not stop those behind it") {
  const CapturedLog log;
  int crashes = 0;
  loop.run([&] {
    PeriodicTasks tasks{{.name = "Manager", .random = no_jitter}};
    tasks.add_periodic_task("count", count());
    tasks.add_periodic_task("crash", [&] {
      ++crashes;
      throw std::runtime_error("urg");
    });
    tasks.add_periodic_task("crash oddly", [] { throw 1; }, {.spacing = 100s});
    int extra = 0;
    CHECK(tasks.run_periodic_tasks() == 60s);
    CHECK(runs == 0);
    sleep_for(60s);
    tasks.run_periodic_tasks();
    CHECK(runs == 1);
    CHECK(crashes == 1);

    tasks.add_periodic_task("external", [&] { ++extra; }, {.spacing = 1s});
    sleep_for(10s);
    tasks.run_periodic_tasks();
    CHECK(runs == 1);
    CHECK(extra == 1);
    sleep_for(50s);
    tasks.run_periodic_tasks();
    CHECK(runs == 2);
    CHECK(crashes == 2);
    CHECK(extra == 2);
  });
  CHECK(log.count("Error during Manager.crash: urg") == 2);
  CHECK(log.count("Error during Manager.crash oddly: ") == 1);
}

// test_raises
TEST_CASE_FIXTURE(CountedRuns, "asked to raise, the exception of a task comes out") {
  loop.run([&] {
    PeriodicTasks tasks;
    tasks.add_periodic_task("crash", [] { throw std::domain_error("urg"); },
                            {.run_immediately = true});
    CHECK_THROWS_WITH_AS(tasks.run_periodic_tasks(PeriodicTasks::OnError::raise), "urg",
                         std::domain_error);
    CHECK(tasks.run_periodic_tasks(PeriodicTasks::OnError::raise) == 60s);  // Not due again.
  });
}

// test_meta, test_name
TEST_CASE_FIXTURE(CountedRuns,
                  "disabled tasks and negative spacings are skipped, which is logged") {
  const CapturedLog log;
  PeriodicTasks tasks;
  tasks.add_periodic_task("off", count(), {.enabled = false});
  tasks.add_periodic_task("backwards", count(), {.spacing = -1s});
  CHECK(tasks.size() == 0);
  tasks.add_periodic_task("on", count());
  CHECK(tasks.size() == 1);
  CHECK_THROWS_AS(tasks.add_periodic_task("on", count()), std::invalid_argument);
  CHECK(log.count("Skipping periodic task off because it is disabled") == 1);
  CHECK(log.count("Skipping periodic task backwards because its interval is negative") == 1);
}

// test_periodic_tasks_disabled
TEST_CASE_FIXTURE(CountedRuns, "with no task there is nothing to do for a minute") {
  loop.run([&] {
    PeriodicTasks tasks;
    CHECK(tasks.run_periodic_tasks() == 60s);
  });
}

// test_periodic_tasks_with_idle, test_periodic_tasks_constant
TEST_CASE_FIXTURE(CountedRuns, "the idle time is a minute at the most") {
  loop.run([&] {
    PeriodicTasks rare;
    rare.add_periodic_task("rare", count(), {.spacing = 200s});
    CHECK(rare.run_periodic_tasks() == 60s);
    PeriodicTasks usual;
    usual.add_periodic_task("usual", count());
    CHECK(usual.run_periodic_tasks() == 60s);
  });
}

// test_periodic_tasks_idle_calculation
TEST_CASE_FIXTURE(CountedRuns, "the idle time ends when the next task is due") {
  loop.run([&] {
    PeriodicTasks tasks;
    tasks.add_periodic_task("tenth", count(), {.spacing = 10s});
    CHECK(tasks.run_periodic_tasks() == 10s);
    sleep_for(5s);
    CHECK(tasks.run_periodic_tasks() == 5s);
    CHECK(runs == 0);
    sleep_for(5s);
    CHECK(tasks.run_periodic_tasks() == 10s);
    CHECK(runs == 1);
    sleep_for(14s);  // 4 s late: the grid stays where it is.
    CHECK(tasks.run_periodic_tasks() == 6s);
    CHECK(runs == 2);
  });
}

// test_periodic_tasks_immediate_runs_now
TEST_CASE_FIXTURE(CountedRuns, "a task that runs immediately runs at the first turn") {
  loop.run([&] {
    PeriodicTasks tasks;
    tasks.add_periodic_task("now", count(), {.spacing = 10s, .run_immediately = true});
    CHECK(tasks.run_periodic_tasks() == 10s);
    CHECK(runs == 1);
    sleep_for(5s);
    CHECK(tasks.run_periodic_tasks() == 5s);
    CHECK(runs == 1);
  });
}

// test_external_running_here
TEST_CASE_FIXTURE(CountedRuns, "external tasks run here only where they should") {
  loop.run([&] {
    for (const bool here : {true, false}) {
      runs = 0;
      PeriodicTasks tasks{{.run_external_periodic_tasks = here}};
      tasks.add_periodic_task(
          "external", count(),
          {.spacing = 5s, .run_immediately = true, .external_process_ok = true});
      CHECK(tasks.run_periodic_tasks() == (here ? 5s : 60s));
      CHECK(runs == (here ? 1 : 0));
    }
  });
}

// test_nearest_boundary, jitter of 5 and of 2.5 percent
TEST_CASE_FIXTURE(CountedRuns, "each run moves the grid on by the drawn jitter") {
  loop.run([&] {
    PeriodicTasks tasks{{.random = [] { return 0.5; }}};
    tasks.add_periodic_task("count", count(), {.spacing = 40s});
    tasks.run_periodic_tasks();
    sleep_for(40s);
    tasks.run_periodic_tasks();
    CHECK(runs == 1);
    sleep_for(40s);
    CHECK(tasks.run_periodic_tasks() == 1s);  // Due 41 s after the run before.
    CHECK(runs == 1);
    sleep_for(1s);
    tasks.run_periodic_tasks();
    CHECK(runs == 2);
  });
}

TEST_CASE("whether external tasks run here is an option, on by default") {
  const std::vector<thane::OptGroup> groups{thane::periodic_task_options()};
  CHECK(thane::Config::parse({}, groups).get<bool>("run_external_periodic_tasks"));
  CHECK_FALSE(thane::Config::parse({"--norun-external-periodic-tasks"}, groups)
                  .get<bool>("run_external_periodic_tasks"));
}

TEST_CASE_FIXTURE(CountedRuns, "spacings count from the first turn, not from the constructor") {
  PeriodicTasks tasks;
  tasks.add_periodic_task("count", count(), {.spacing = 30s});
  loop.run([&] {
    sleep_for(1h);
    CHECK(tasks.run_periodic_tasks() == 30s);
    CHECK(runs == 0);
  });
}

TEST_CASE_FIXTURE(CountedRuns, "two lists share neither tasks nor times") {
  loop.run([&] {
    PeriodicTasks one;
    PeriodicTasks other;
    one.add_periodic_task("count", count(), {.spacing = 10s});
    other.add_periodic_task("count", count(), {.spacing = 10s});
    one.run_periodic_tasks();
    sleep_for(10s);
    one.run_periodic_tasks();
    other.run_periodic_tasks();
    CHECK(runs == 1);
    CHECK(other.size() == 1);
  });
}

TEST_CASE_FIXTURE(CountedRuns, "other fibers run between two tasks") {
  loop.run([&] {
    PeriodicTasks tasks;
    bool let_in = false;
    bool seen = false;
    tasks.add_periodic_task("first", [&] { loop.spawn([&] { let_in = true; }); },
                            {.run_immediately = true});
    tasks.add_periodic_task("second", [&] { seen = let_in; }, {.run_immediately = true});
    tasks.run_periodic_tasks();
    CHECK(seen);
  });
}

TEST_CASE_FIXTURE(CountedRuns, "what tasks take is not slept on top") {
  loop.run([&] {
    PeriodicTasks tasks;
    std::vector<Duration> begins;
    tasks.add_periodic_task("slow",
                            [&] {
                              begins.push_back(elapsed());
                              sleep_for(4s);
                            },
                            {.spacing = 10s, .run_immediately = true});
    thane::ThreadGroup group;
    group.add_dynamic_timer([&] { return tasks.run_periodic_tasks(); });
    sleep_for(35s);
    group.stop();
    group.wait();
    CHECK(begins == std::vector<Duration>{0s, 10s, 20s, 30s});
  });
}

TEST_CASE_FIXTURE(CountedRuns, "a kill ends the turn and is not taken for an error of the task") {
  const CapturedLog log;
  loop.run([&] {
    PeriodicTasks tasks;
    tasks.add_periodic_task("sleepy", [] { sleep_for(1h); }, {.run_immediately = true});
    tasks.add_periodic_task("behind", count(), {.run_immediately = true});
    const thane::Fiber fiber = loop.spawn([&] { tasks.run_periodic_tasks(); });
    sleep_for(1s);
    fiber.kill();
    fiber.wait();
  });
  CHECK(runs == 0);
  CHECK(log.count("sleepy") == 0);
}

TEST_CASE_FIXTURE(CountedRuns, "a task may add tasks") {
  loop.run([&] {
    PeriodicTasks tasks;
    tasks.add_periodic_task("adder",
                            [&] {
                              for (int i = 0; i < 100; ++i) {
                                tasks.add_periodic_task("task " + std::to_string(i), count(),
                                                        {.run_immediately = true});
                              }
                            },
                            {.run_immediately = true});
    tasks.run_periodic_tasks();
    CHECK(runs == 100);
  });
}

}  // namespace
