// Workers replaced on purpose: generations, the number of workers, recycling.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <vector>

#include "supervisor_world.hpp"

using namespace std::chrono_literals;
using thane::GiveUp;
using thane::Restart;
using thane::internal::Death;
using thane::internal::Supervisor;
using thane::testing::killed;
using thane::testing::World;

namespace {

TEST_CASE("two hundred SIGHUPs in two seconds are two reloads, and it is quiet soon after") {
  World world{{{"web", 1}}};
  world.all_ready();
  for (int i = 0; i < 200; ++i) {
    world.reload();
    world.ready(world.last_fork.key);
    world.pass(10ms);
  }
  world.pass(100ms);
  world.ready(world.last_fork.key);
  CHECK(world.count("reload started") == 2);
  world.pass(60s);
  CHECK(world.count("reload started") == 2);
}

TEST_CASE("SIGHUPs without end do not put off a reload for ever") {
  World world{{{"web", 1}}};
  world.all_ready();
  for (int i = 0; i < 1200; ++i) {
    world.reload();
    world.ready(world.last_fork.key);
    world.pass(50ms);
  }
  CHECK(world.count("reload started") >= 10);
  CHECK(world.count("reload started") <= 14);
}

TEST_CASE("a generation too many: the oldest is told to end at once") {
  World world{{{"web", 1}}};
  world.all_ready();
  for (int i = 0; i < 3; ++i) {  // Nobody ends: generations 1, 2 and 3 drain.
    world.reload();
    world.ready(world.last_fork.key);
    world.pass(1s);
  }
  CHECK(world.signals_of(1) == std::vector<int>{SIGTERM, SIGINT, SIGKILL});
  CHECK(world.logged("worker 0 told to end at once: max_generations"));
  CHECK(world.logged("worker 0 killed: max_generations pid=1001"));
  CHECK(world.signals_of(2) == std::vector<int>{SIGTERM});
}

TEST_CASE("a failure while rolling takes back what was replaced already") {
  World world{{{"web", 3}}};
  world.all_ready();
  world.reload();
  world.ready(4);  // The canary; 5 is to follow 2.
  world.dies(5, {.status = 1});
  CHECK(world.logged("reload failed generation=2 reason=worker 1 exited: status 1; rolling back"));
  CHECK(world.rollbacks == 1);
  CHECK(world.generations[world.last_fork.key] == 1);
  CHECK(world.last_fork.index == 0);
  CHECK(world.signals_of(4).empty());  // It serves until then.
  world.ready(world.last_fork.key);
  CHECK(world.signals_of(4) == std::vector<int>{SIGTERM});
  CHECK(world.signals_of(2).empty());
  CHECK(world.logged("rolled back to generation=1"));
}

TEST_CASE("a way back that fails leaves both generations, and a later reload is heard") {
  World world{{{"web", 2}}};
  world.all_ready();
  world.reload();
  world.ready(3);
  world.dies(4, {.status = 1});
  world.dies(5, {.status = 1});
  CHECK(
      world.logged("roll back to generation=1 failed: worker 0 exited: status 1; workers of both"));
  CHECK(world.alive() == 3);  // One of them drains.
  world.pass(1s);
  world.reload();
  CHECK(world.logged("reload started generation=3"));
}

TEST_CASE("a service in a crash loop has no canary, and gets the new configuration at once") {
  World world{{{"web", 1}, {"bad", 1}}};
  world.all_ready();
  for (int i = 0; i < 8; ++i) {
    world.dies(world.last_fork.key, {.status = 1});
    for (int step = 0; world.alive() < 2 && step < 4000; ++step) world.pass(10ms);
  }
  world.dies(world.last_fork.key, {.status = 1});
  CHECK(world.alive() == 1);
  world.reload();
  CHECK(world.alive() == 2);
  world.ready(world.last_fork.key);  // web's canary.
  const auto bad = world.last_fork.key;
  CHECK(world.last_fork.service == 1);
  CHECK(world.generations[bad] == 2);
  CHECK(world.logged("reload finished generation=2"));
}

TEST_CASE("a reload may ask for more workers, or for fewer") {
  World world{{{"web", 2}}};
  world.all_ready();
  world.wanted_workers = {3};
  world.reload();
  world.ready(3);  // The canary.
  CHECK(world.alive() == 5);
  for (int i = 0; i < 3; ++i) world.all_ready();
  CHECK(world.logged("reload finished generation=2"));
  CHECK(world.status == "generation 2, web 3/3");

  world.pass(1s);
  world.wanted_workers = {1};
  world.reload();
  world.all_ready();
  CHECK(world.logged("reload finished generation=3"));
  CHECK(world.status == "generation 3, web 1/1");
  for (const auto key : std::vector<World::Key>{world.living.begin(), world.living.end()}) {
    const bool newest = world.generations[key] == 3;
    CHECK(world.signals_of(key).size() == (newest ? 0U : 1U));
  }
}

TEST_CASE("more workers that cannot start are taken back with the rest of the reload") {
  World world{{{"web", 1}}};
  world.all_ready();
  world.wanted_workers = {3};
  world.reload();
  world.ready(2);  // The canary; 3 and 4 are the places that are new.
  world.dies(3, {.status = 1});
  CHECK(world.logged("reload failed generation=2 reason=worker 1 exited: status 1"));
  world.dies(4, {.status = 1});
  world.ready(world.last_fork.key);
  CHECK(world.logged("rolled back to generation=1"));
  CHECK(world.status == "generation 1, web 1/1");
  CHECK_FALSE(world.logged("worker 1 held back"));
}

TEST_CASE("a place that is held back and not wanted any more is forgotten") {
  World world{{{"web", 2}}};
  world.all_ready();
  for (const World::Key key : {2, 3}) {
    world.dies(key, killed);
    if (world.living.contains(key + 1)) world.ready(key + 1);
  }
  CHECK(world.status == "generation 1, web 1/2 (1 held back)");
  world.wanted_workers = {1};
  world.reload();
  world.ready(world.last_fork.key);
  CHECK(world.status == "generation 2, web 1/1");
  world.pass(60s);  // And does not spin.
  CHECK(world.last_fork.index == 0);
}

TEST_CASE("a fork that fails for a place that has a successor is not tried again") {
  World world{{{"web", 2}}, Restart::reload, {.worker_boot_timeout = 60s, .max_unavailable = 1}};
  world.all_ready();
  world.wants_recycling(1);
  world.reload();
  const auto canary = world.last_fork.key;
  world.fork_fails = true;
  world.dies(1, {});
  world.fork_fails = false;
  world.ready(canary);
  world.dies(2, {});
  world.all_ready();
  CHECK(world.logged("reload finished generation=2"));
  world.pass(10s);
  CHECK(world.alive() == 2);
}

TEST_CASE("a worker that was about to be recycled when a reload came holds up nothing") {
  World world{{{"web", 1}}, Restart::reload, {.worker_boot_timeout = 60s, .max_unavailable = 1}};
  world.all_ready();
  world.wants_recycling(1);
  world.reload();
  const auto canary = world.last_fork.key;
  world.dies(1, {});  // 3 follows it, of the old generation.
  world.ready(canary);
  CHECK(world.logged("reload finished generation=2"));
}

TEST_CASE("with mutate the number of workers changes without a restart of those that stay") {
  World world{{{"web", 1}}, Restart::mutate};
  world.all_ready();
  world.wanted_workers = {2};
  world.reload();
  world.mutated(1);
  CHECK(world.alive() == 2);
  CHECK(world.signals_of(1).empty());
}

TEST_CASE("a mutation that one worker refuses has failed, and says whose") {
  World world{{{"web", 2}}, Restart::mutate};
  world.all_ready();
  world.reload();
  world.mutated(1, "no");
  world.dies(2, killed);  // Its answer never comes.
  CHECK(world.logged("reload failed generation=2 reason=worker 0: no"));
}

TEST_CASE("a mutation that is not answered in time has failed") {
  World world{{{"web", 1}}, Restart::mutate};
  world.all_ready();
  world.reload();
  world.pass(60s);
  CHECK(world.logged("reload failed generation=2 reason=not every worker has answered"));
}

TEST_CASE("a worker that has passed a limit drains when its successor is ready") {
  World world{{{"web", 2}}};
  world.all_ready();
  world.wants_recycling(1);
  CHECK(world.logged("worker 0 recycled: max_requests (100) pid=1001"));
  CHECK(world.alive() == 3);
  CHECK(world.signals_of(1).empty());
  CHECK(world.generations[3] == 1);
  world.ready(3);
  CHECK(world.signals_of(1) == std::vector<int>{SIGTERM});
  world.dies(1, {});
  CHECK(world.alive() == 2);
  CHECK(world.count("worker 0 held back") == 0);
}

TEST_CASE("workers that pass a limit together are replaced one after the other") {
  World world{{{"web", 3}}};
  world.all_ready();
  for (const World::Key key : {3, 1, 2}) world.wants_recycling(key);
  CHECK(world.alive() == 4);
  world.ready(4);
  CHECK(world.alive() == 5);
  world.ready(5);
  CHECK(world.alive() == 6);
  world.ready(6);
  for (const World::Key key : {1, 2, 3}) CHECK(world.signals_of(key) == std::vector<int>{SIGTERM});
}

TEST_CASE("a successor that fails leaves the old worker at work, and is tried again later") {
  World world{{{"web", 1}}};
  world.all_ready();
  world.wants_recycling(1);
  world.dies(2, {.status = 1});
  CHECK(world.logged("worker 0 not recycled: its successor exited: status 1"));
  CHECK(world.signals_of(1).empty());
  world.pass(29s);
  CHECK(world.alive() == 1);
  world.pass(2s);
  CHECK(world.alive() == 2);
}

TEST_CASE("a place that was given up keeps no other worker from being recycled") {
  World world{{{.name = "web", .workers = 2, .max_restarts = 1, .give_up = GiveUp::degrade}}};
  world.all_ready();
  world.dies(1, killed);
  world.ready(3);
  world.dies(3, killed);
  CHECK(world.logged("service web degraded"));
  world.wants_recycling(2);
  CHECK(world.logged("worker 1 recycled"));
}

TEST_CASE("a reload overtakes a recycling") {
  World world{{{"web", 1}}};
  world.all_ready();
  world.wants_recycling(1);
  world.reload();
  CHECK(world.signals_of(2) == std::vector<int>{SIGKILL});
  CHECK(world.generations[3] == 2);
  world.ready(3);
  CHECK(world.logged("reload finished generation=2"));
  CHECK(world.signals_of(1) == std::vector<int>{SIGTERM});
}

TEST_CASE("who allows workers to be missing has no worker too many") {
  World world{{{"web", 3}},
              Restart::reload,
              {.graceful_shutdown_timeout = 60s, .worker_boot_timeout = 60s, .max_unavailable = 2}};
  world.all_ready();
  world.wants_recycling(1);
  CHECK(world.alive() == 3);
  CHECK(world.signals_of(1) == std::vector<int>{SIGTERM});
  world.dies(1, {});
  CHECK(world.alive() == 3);
  CHECK(world.last_fork.index == 0);
  world.ready(world.last_fork.key);

  world.reload();
  CHECK(world.alive() == 4);  // The canary is one more, or it would be none.
  world.ready(world.last_fork.key);
  CHECK(world.alive() == 4);
  CHECK(world.signals_of(2) == std::vector<int>{SIGTERM});
  CHECK(world.signals_of(3) == std::vector<int>{SIGTERM});
}

TEST_CASE("the service manager hears of a reload when it begins and when it has ended") {
  World world{{{"web", 1}}};
  world.all_ready();
  world.notified.clear();
  world.reload();
  CHECK(world.notified == std::vector<std::string>{"RELOADING=1\nMONOTONIC_USEC=3600000000"});
  world.ready(2);
  CHECK(world.notified.back() == "READY=1");
}

TEST_CASE("the service manager is asked for patience while a stop or a start takes its time") {
  World world{{{"web", 1}}};
  world.pass(16s);
  CHECK(std::ranges::count(world.notified, "EXTEND_TIMEOUT_USEC=15000000") == 3);
  world.all_ready();
  world.notified.clear();
  world.pass(3600s);
  CHECK(world.notified.empty());
  world.stop(thane::internal::Stop::graceful);
  world.pass(16s);
  CHECK(std::ranges::count(world.notified, "EXTEND_TIMEOUT_USEC=15000000") == 4);
}

}  // namespace
