// What follows from the end of a worker: restart policies and strategies, order, giving up, hangs.
#include <doctest/doctest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "supervisor_world.hpp"

using namespace std::chrono_literals;
using thane::GiveUp;
using thane::Restart;
using thane::RestartPolicy;
using thane::RestartStrategy;
using thane::internal::Death;
using thane::internal::Pulse;
using thane::internal::Stop;
using thane::internal::Supervisor;
using thane::testing::killed;
using thane::testing::World;

namespace {

TEST_CASE("a transient worker is replaced when it fails, and not when it is done") {
  World world{{{.name = "job", .workers = 2, .restart = RestartPolicy::transient}}};
  world.all_ready();
  world.dies(1, {.status = 1});
  CHECK(world.alive() == 2);
  world.dies(2, {});
  CHECK(world.alive() == 1);
  CHECK(world.logged("worker 1 is not replaced: transient"));
  CHECK_FALSE(world.finished);
}

TEST_CASE("a temporary worker is not replaced, however it ends") {
  World world{{{.name = "job", .workers = 1, .restart = RestartPolicy::temporary}, {"web", 1}}};
  world.all_ready();
  world.dies(1, killed);
  CHECK(world.alive() == 1);
  CHECK(world.logged("worker job/0 is not replaced: temporary"));
  CHECK(world.status == "generation 1, job 0/1 (1 ended), web 1/1");
}

TEST_CASE("when the last service has ended by itself, so does the parent") {
  World world{{{.name = "job", .workers = 1, .restart = RestartPolicy::transient}}};
  world.all_ready();
  world.dies(1, {});
  CHECK(world.logged("every service has ended"));
  CHECK(world.finished == 0);
}

TEST_CASE("one restart too many within the period ends everything with status 3") {
  World world{{{.name = "web", .workers = 1, .max_restarts = 2, .period = 60s}, {"rpc", 1}}};
  world.all_ready();
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(world.logged("service web gave up"));
    world.dies(world.last_fork.service == 0 ? world.last_fork.key : 1, killed);
    world.pass(10s);
    if (world.living.contains(world.last_fork.key)) world.ready(world.last_fork.key);
  }
  CHECK(world.logged("service web gave up: more than 2 restarts in 60s"));
  world.end_all();
  CHECK(world.finished == 3);
}

TEST_CASE("restarts that are further apart than the period are never too many") {
  World world{{{.name = "web", .workers = 1, .max_restarts = 1, .period = 5s}}};
  world.all_ready();
  for (int i = 0; i < 10; ++i) {
    world.dies(world.last_fork.key, killed);
    world.pass(60s);
    world.ready(world.last_fork.key);
  }
  CHECK_FALSE(world.logged("service web gave up"));
}

TEST_CASE("a service that degrades leaves the others alone, and a reload tries it again") {
  World world{
      {{.name = "web", .workers = 1, .max_restarts = 1, .period = 60s, .give_up = GiveUp::degrade},
       {"rpc", 1}}};
  world.all_ready();
  world.dies(1, killed);
  world.ready(3);
  world.dies(3, killed);
  CHECK(world.logged("service web degraded: more than 1 restarts in 60s; worker web/0"));
  world.pass(3600s);
  CHECK(world.alive() == 1);
  CHECK(world.status == "generation 1, web 0/1 degraded, rpc 1/1");
  world.reload();
  world.ready(4);  // The canary of rpc; web has nothing to lose.
  CHECK(world.last_fork.service == 0);
  CHECK(world.generations[world.last_fork.key] == 2);
}

TEST_CASE("a mutation tries again what was given up, as a reload does") {
  World world{
      {{.name = "web", .workers = 1, .max_restarts = 1, .period = 60s, .give_up = GiveUp::degrade},
       {"rpc", 1}},
      Restart::mutate};
  world.all_ready();
  world.dies(1, killed);
  world.ready(3);
  world.dies(3, killed);
  world.reload();
  CHECK(world.alive() == 2);
  CHECK(world.last_fork.service == 0);
}

TEST_CASE("one_for_all: when one worker dies, all services stop and start again") {
  World world{{{.name = "a", .workers = 2, .strategy = RestartStrategy::one_for_all}, {"b", 1}}};
  world.all_ready();
  world.dies(1, killed);
  CHECK(world.signals_of(2) == std::vector<int>{SIGTERM});
  CHECK(world.signals_of(3) == std::vector<int>{SIGTERM});
  world.dies(3, {});
  CHECK(world.alive() == 2);  // b is back; a's second still drains.
  world.dies(2, {});
  CHECK(world.alive() == 3);
  CHECK(world.count("worker a/1 started") == 2);
}

TEST_CASE("rest_for_one: those launched before are not touched") {
  World world{
      {{"a", 1}, {.name = "b", .workers = 1, .strategy = RestartStrategy::rest_for_one}, {"c", 1}}};
  world.all_ready();
  world.dies(2, killed);
  CHECK(world.signals_of(1).empty());
  CHECK(world.signals_of(3) == std::vector<int>{SIGTERM});
  world.dies(3, {});
  CHECK(world.count("worker c/0 started") == 2);
  CHECK(world.count("worker b/0 started") == 2);
}

TEST_CASE("services that restart together in a crash loop are held back as well") {
  World world{{{.name = "a", .workers = 1, .strategy = RestartStrategy::one_for_all}}};
  world.all_ready();
  world.dies(1, killed);
  world.ready(2);
  world.dies(2, killed);
  CHECK(world.alive() == 0);
  world.pass(2s);
  CHECK(world.alive() == 1);
}

TEST_CASE("a service starts when those before it are ready, and stops before they do") {
  World world{{{.name = "web", .workers = 1, .after = {1}}, {"db", 2}}};
  CHECK(world.alive() == 2);
  world.ready(1);
  CHECK(world.alive() == 2);
  world.ready(2);
  CHECK(world.alive() == 3);
  CHECK(world.last_fork.service == 0);
  world.ready(3);
  world.stop(Stop::graceful);
  CHECK(world.signals_of(1).empty());
  CHECK(world.signals_of(3) == std::vector<int>{SIGTERM});
  world.dies(3, {});
  CHECK(world.signals_of(1) == std::vector<int>{SIGTERM});
  CHECK(world.signals_of(2) == std::vector<int>{SIGTERM});
  world.end_all();
  CHECK(world.finished == 0);
}

TEST_CASE("one deadline is for the stop as a whole, however many have to go in turn") {
  World world{{{.name = "web", .workers = 1, .after = {1}}, {"db", 1}}};
  world.ready(1);
  world.ready(2);
  world.stop(Stop::graceful);
  world.pass(60s);
  CHECK(world.signals_of(2) == std::vector<int>{SIGTERM, SIGKILL});
  CHECK(world.signals_of(1) == std::vector<int>{SIGKILL});
}

TEST_CASE("a hung worker is dumped, replaced at once, and killed if it does not end by it") {
  World world{
      {{"web", 1}},
      Restart::reload,
      {.graceful_shutdown_timeout = 60s, .worker_boot_timeout = 60s, .worker_timeout = 30s}};
  world.all_ready();
  world.pass(100s);
  CHECK(world.alive() == 1);
  world.pulses[1] = Pulse{.tick = world.now};
  world.pass(30s);
  CHECK_FALSE(world.logged("worker 0 hung"));  // One look proves nothing.
  world.pass(300ms);
  CHECK(world.logged("worker 0 hung: no sign of life for 30."));
  CHECK(world.signals_of(1) == std::vector<int>{SIGABRT});
  CHECK(world.alive() == 2);
  world.pass(1s);
  CHECK(world.signals_of(1) == std::vector<int>{SIGABRT, SIGKILL});
  world.dies(1, killed);
  CHECK(world.alive() == 1);
  CHECK(world.count("worker 0 started") == 2);
}

TEST_CASE("a worker_timeout that changes at run time counts for workers that run already") {
  World world{{{"web", 1}}};
  world.all_ready();
  world.pulses[1] = Pulse{.tick = world.now};
  world.pass(3600s);
  world.supervisor.set_limits({.worker_timeout = 1s}, world.now);
  world.pass(2s);
  CHECK(world.logged("worker 0 hung"));
}

TEST_CASE("a worker that drains and gives signs of life is not hung, however long it takes") {
  World world{
      {{"web", 1}},
      Restart::reload,
      {.graceful_shutdown_timeout = 3600s, .worker_boot_timeout = 60s, .worker_timeout = 1s}};
  world.all_ready();
  world.stop(Stop::graceful);
  world.pass(3000s);
  CHECK(world.signals_of(1) == std::vector<int>{SIGTERM});
}

TEST_CASE("the line of a death tells all that is known of it") {
  World world{{{"web", 1}}};
  world.all_ready();
  world.pass(1500ms);
  world.dies(1, {.signal = SIGSEGV,
                 .core = true,
                 .user_time = 1200ms,
                 .system_time = 30ms,
                 .max_rss_kib = 2048,
                 .requests = 17,
                 .fiber = "connection"});
  CHECK(
      world.logged("worker 0 died: signal 11 pid=1001 generation=1 signal_name=SIGSEGV core=yes "
                   "age=1.500s requests=17 user=1.200s system=0.030s max_rss=2048KiB "
                   "last_fiber=\"connection\""));
  world.dies(2, {.status = 1, .reason = "service web failed in start: no disk"});
  CHECK(world.lines.back().ends_with("reason=\"service web failed in start: no disk\"") ==
        false);  // "held back" follows.
  CHECK(world.logged("worker 0 exited: status 1 pid=1002 generation=1 age=0.000s"));
}

TEST_CASE("a SIGKILL that the parent did not send is told from want of memory, as far as known") {
  World world{{{"web", 2}}};
  world.all_ready();
  world.dies(1, {.signal = SIGKILL, .out_of_memory = true});
  world.dies(2, killed);
  const auto ends_with = [&](const std::string& end) {
    return std::ranges::any_of(world.lines, [&](const auto& line) { return line.ends_with(end); });
  };
  CHECK(ends_with("reason=\"out of memory: the kernel killed in this control group\""));
  CHECK(ends_with(
      "reason=\"killed by somebody else; the kernel log tells if it was out of memory\""));
}

TEST_CASE("the watchdog of the service manager is fed while every service can serve") {
  World world{{}};
  Supervisor supervisor{{{"web", 1}}, Restart::reload, {}};
  supervisor.set_watchdog(1s);
  const auto fed = [&](thane::TimePoint now) {
    supervisor.time_passed(now);
    int count = 0;
    for (const auto& action : supervisor.take_actions()) {
      const auto* notify = std::get_if<thane::internal::Notify>(&action);
      count += notify != nullptr && notify->state == "WATCHDOG=1" ? 1 : 0;
    }
    return count;
  };
  thane::TimePoint now{1h};
  supervisor.start(now);
  CHECK(fed(now += 1s) == 1);  // It starts: nobody waits for it yet.
  supervisor.worker_forked(1, 100, now);
  supervisor.worker_ready(1, now);
  CHECK(fed(now += 1s) == 1);
  CHECK(fed(now += 500ms) == 0);
  supervisor.worker_gone(1, killed, now);  // Its replacement is not ready.
  CHECK(fed(now += 500ms) == 0);
  supervisor.worker_ready(2, now);
  CHECK(fed(now += 100ms) == 1);  // Not an interval later: the manager has waited for one already.
  CHECK(fed(now += 900ms) == 0);
  CHECK(fed(now += 100ms) == 1);
}

}  // namespace
