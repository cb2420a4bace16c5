#include "supervisor.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <vector>

#include "supervisor_world.hpp"

using namespace std::chrono_literals;
using thane::Restart;
using thane::TimePoint;
using thane::internal::Stop;
using thane::testing::World;

namespace {

TEST_CASE("every worker of every service is forked at the start") {
  World world{{{"web", 2}, {"rpc", 1}}};
  CHECK(world.alive() == 3);
  CHECK(world.logged("worker web/0 started pid="));
  CHECK(world.logged("worker web/1 started pid="));
  CHECK(world.logged("worker rpc/0 started pid="));
}

TEST_CASE("with one service the lines name the index alone") {
  World world{{{"web", 1}}};
  CHECK(world.logged("worker 0 started pid="));
}

TEST_CASE("readiness is told once, when the last worker of the last service is ready") {
  World world{{{"web", 2}, {"rpc", 1}}};
  world.ready(1);
  world.ready(2);
  CHECK(world.notified.empty());
  world.ready(3);
  CHECK(world.notified == std::vector<std::string>{"READY=1"});
  CHECK(world.logged("parent ready"));
  world.dies(1, {.signal = 9});
  world.ready(4);
  CHECK(world.notified.size() == 1);
}

TEST_CASE("a worker that dies is replaced at once under the same index") {
  World world{{{"web", 2}}};
  world.all_ready();
  world.dies(2, {.signal = 9});
  CHECK(world.logged("worker 1 died: signal 9"));
  CHECK(world.alive() == 2);
  CHECK(world.last_fork.index == 1);
}

TEST_CASE("a worker that exits with status 0 without being told is replaced as well") {
  World world{{{"web", 1}}};
  world.all_ready();
  world.dies(1, {.status = 0});
  CHECK(world.logged("worker 0 exited: status 0"));
  CHECK(world.alive() == 1);
}

TEST_CASE("workers that die too fast are held back, longer each time and one at a time") {
  World world{{{"web", 2}}};
  world.all_ready();
  world.dies(1, {.signal = 9});  // One respawn is free.
  world.ready(3);
  world.dies(2, {.signal = 9});
  world.dies(3, {.signal = 9});
  CHECK(world.alive() == 0);
  CHECK(world.logged("worker 1 held back"));
  CHECK(world.logged("worker 0 held back"));
  CHECK(world.supervisor.next_deadline() >= world.now + 180ms);
  world.pass(220ms);
  CHECK(world.alive() == 1);
  CHECK(world.last_fork.index == 1);
  CHECK(world.supervisor.next_deadline() >= world.now + 320ms);
  world.pass(440ms);
  CHECK(world.alive() == 2);
}

TEST_CASE("a crash loop of a minute costs ten forks and less than twenty lines") {
  World world{{{"web", 1}}};
  world.ready(1);
  const TimePoint begin = world.now;
  int forks = 1;
  for (;;) {
    world.pass(50ms);
    world.dies(world.last_fork.key, {.status = 1});
    while (world.alive() == 0 && world.now < begin + 60s) {
      world.pass(10ms);
    }
    if (world.now >= begin + 60s) break;
    ++forks;
    world.ready(world.last_fork.key);
  }
  CHECK(forks == 10);
  CHECK(world.count("worker 0") < 20);
  CHECK(world.count("worker 0 exited: status 1") == 10);  // Each end is told.
}

TEST_CASE("a crash loop never ends for good, and a worker that stays is called ready again") {
  World world{{{"web", 1}}};
  world.ready(1);
  for (int i = 0; i < 20; ++i) {
    world.dies(world.last_fork.key, {.status = 1});
    world.pass(33s);
    REQUIRE(world.alive() == 1);
    world.ready(world.last_fork.key);
    world.dies(world.last_fork.key, {.status = 1});
    world.pass(33s);
  }
  const int lines = world.count("worker 0 ready");
  world.ready(world.last_fork.key);
  world.pass(1s);
  CHECK(world.count("worker 0 ready") == lines + 1);
}

TEST_CASE("when one that was held back has lived for a second, the others follow at once") {
  World world{{{"web", 64}}};
  world.all_ready();
  for (World::Key key = 1; key <= 64; ++key) world.dies(key, {.signal = 9});
  CHECK(world.alive() == 1);  // The free one; somebody kills it, too.
  world.dies(65, {.signal = 9});
  world.pass(300ms);
  CHECK(world.alive() == 1);  // Enough to learn whether anything has changed.
  world.ready(world.last_fork.key);
  world.pass(900ms);
  CHECK(world.alive() <= 3);  // Whose turn has come meanwhile.
  world.pass(100ms);
  CHECK(world.alive() == 64);
  world.all_ready();
  world.dies(world.last_fork.key, {.signal = 9});
  world.pass(300ms);
  CHECK(world.alive() == 64);  // The delay begins anew.
}

TEST_CASE("nothing is forked after TERM, not even what was held back") {
  World world{{{"web", 1}}};
  world.all_ready();
  world.dies(1, {.signal = 9});
  world.ready(2);
  world.dies(2, {.signal = 9});
  CHECK(world.alive() == 0);
  world.stop(Stop::graceful);
  CHECK(world.finished == 0);
  world.pass(10s);
  CHECK(world.alive() == 0);
}

TEST_CASE("TERM drains all workers and ends with status 0") {
  World world{{{"web", 2}}};
  world.all_ready();
  world.stop(Stop::graceful);
  CHECK(world.logged("stopping"));
  CHECK(std::ranges::count(world.notified, "STOPPING=1") == 1);
  CHECK(world.signals_of(1) == std::vector<int>{SIGTERM});
  CHECK(world.signals_of(2) == std::vector<int>{SIGTERM});
  world.dies(1, {});
  CHECK_FALSE(world.finished);
  world.dies(2, {});
  CHECK(world.finished == 0);
  CHECK(world.logged("stopped status=0"));
}

TEST_CASE("a second TERM changes nothing") {
  World world{{{"web", 1}}};
  world.all_ready();
  world.stop(Stop::graceful);
  world.pass(59s);
  world.stop(Stop::graceful);
  CHECK(world.signals_of(1) == std::vector<int>{SIGTERM});
  world.pass(1s);
  CHECK(world.signals_of(1) == std::vector<int>{SIGTERM, SIGKILL});
}

TEST_CASE("a worker that does not end in time is killed, named, and the status is 1") {
  World world{{{"web", 2}}};
  world.all_ready();
  world.stop(Stop::graceful);
  world.dies(1, {});
  world.pass(60s);
  CHECK(world.logged("worker 1 killed: graceful_shutdown_timeout"));
  world.dies(2, {.signal = SIGKILL});
  CHECK(world.finished == 1);
}

TEST_CASE("graceful_shutdown_timeout 0 waits for ever") {
  World world{
      {{"web", 1}}, Restart::reload, {.graceful_shutdown_timeout = 0s, .worker_boot_timeout = 60s}};
  world.all_ready();
  world.stop(Stop::graceful);
  world.pass(std::chrono::hours{24});
  CHECK(world.signals_of(1) == std::vector<int>{SIGTERM});
}

TEST_CASE("INT gives no time to drain, also in the middle of a graceful stop") {
  World world{{{"web", 1}}};
  world.all_ready();
  world.stop(Stop::graceful);
  world.stop(Stop::fast);
  CHECK(world.signals_of(1) == std::vector<int>{SIGTERM, SIGINT});
  world.pass(100ms);
  CHECK(world.signals_of(1).back() == SIGKILL);
  world.dies(1, {.signal = SIGKILL});
  CHECK(world.finished == 1);
}

TEST_CASE("a worker that fails while it drains makes the status 1") {
  World world{{{"web", 1}}};
  world.all_ready();
  world.stop(Stop::graceful);
  world.dies(1, {.status = 1});
  CHECK(world.finished == 1);
}

TEST_CASE("a worker that does not get ready in time is killed and counts as a crash") {
  World world{{{"web", 2}}};
  world.ready(1);
  world.pass(60s);
  CHECK(world.logged("worker 1 killed: worker_boot_timeout"));
  CHECK(world.signals_of(2) == std::vector<int>{SIGKILL});
  world.dies(2, {.signal = SIGKILL});
  CHECK(world.alive() == 2);
}

TEST_CASE(
    "a service of which every worker fails before one is ready ends the launch with status 3") {
  World world{{{"good", 1}, {"bad", 2}}};
  world.ready(1);
  world.dies(2, {.status = 1});
  CHECK_FALSE(world.logged("stopping"));
  world.dies(3, {.status = 1});
  CHECK(world.logged("service bad could not start"));
  CHECK(world.signals_of(1) == std::vector<int>{SIGTERM});
  world.end_all();
  CHECK(world.finished == 3);
}

TEST_CASE("a service that was ready once is replaced for ever") {
  World world{{{"web", 1}}};
  world.ready(1);
  for (int crash = 0; crash < 20; ++crash) {
    world.dies(world.last_fork.key, {.status = 1});
    world.pass(1s);
    CHECK_FALSE(world.finished);
    CHECK(world.alive() == 1);
  }
}

TEST_CASE("a fork that the machine refuses is tried again after a second") {
  World world{{{"web", 1}}};
  world.all_ready();
  world.fork_fails = true;
  world.dies(1, {.signal = 9});
  CHECK(world.logged("worker 0 not forked: no memory"));
  CHECK(world.alive() == 0);
  world.fork_fails = false;
  world.pass(1s);
  CHECK(world.alive() == 1);
}

TEST_CASE("a fast stop does not kill again what is killed already") {
  World world{{{"web", 1}},
              thane::Restart::reload,
              {.graceful_shutdown_timeout = 1s, .worker_boot_timeout = 1s}};
  world.all_ready();
  world.stop(Stop::graceful);
  world.pass(1s);
  world.stop(Stop::fast);
  world.pass(1s);
  CHECK(world.count("worker 0 killed") == 1);
  CHECK(world.signals_of(1) == std::vector<int>{SIGTERM, SIGKILL});
}

}  // namespace
