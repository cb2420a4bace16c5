#include "supervisor.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <signal.h>

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

TEST_CASE("workers that die too fast are held back, one second and one at a time") {
  World world{{{"web", 2}}};
  world.all_ready();
  world.dies(1, {.signal = 9});  // One respawn is free.
  world.ready(3);
  world.dies(2, {.signal = 9});
  world.dies(3, {.signal = 9});
  CHECK(world.alive() == 0);
  CHECK(world.logged("worker 1 held back"));
  CHECK(world.logged("worker 0 held back"));
  CHECK(world.supervisor.next_deadline() == world.now + 1s);
  world.pass(1s);
  CHECK(world.alive() == 1);
  CHECK(world.last_fork.index == 1);
  world.pass(1s);
  CHECK(world.alive() == 2);
}

TEST_CASE("a crash loop forks no faster than oslo.service and never stops trying") {
  World world{{{"web", 1}}};
  world.ready(1);
  const TimePoint begin = world.now;
  int forks = 1;
  while (world.now < begin + 10s) {
    const auto key = world.last_fork.key;
    world.dies(key, {.status = 1});
    while (world.alive() == 0) {
      world.pass(world.supervisor.next_deadline() - world.now);
    }
    forks += world.now < begin + 10s ? 1 : 0;
  }
  CHECK(forks <= 20);  // Measured for oslo.service with one worker: 20 in ten seconds.
  CHECK(forks >= 8);
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
  CHECK(world.notified.back() == "STOPPING=1");
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
  CHECK(world.supervisor.next_deadline() == thane::never);
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
