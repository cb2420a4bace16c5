// SIGHUP, as the parent decides it.
#include <doctest/doctest.h>
#include <signal.h>

#include <vector>

#include "supervisor_world.hpp"

using namespace std::chrono_literals;
using thane::Restart;
using thane::internal::Stop;
using thane::testing::World;

namespace {

TEST_CASE("a reload replaces one worker after the other, the new one ready first") {
  World world{{{"web", 2}}};
  world.all_ready();
  world.reload();
  CHECK(world.alive() == 3);  // The canary.
  CHECK(world.generations[3] == 2);
  CHECK(world.signals_of(1).empty());
  world.ready(3);
  CHECK(world.commits == 1);
  CHECK(world.signals_of(1) == std::vector<int>{SIGTERM});
  CHECK(world.signals_of(2).empty());
  CHECK(world.last_fork.index == 1);
  world.ready(4);
  CHECK(world.signals_of(2) == std::vector<int>{SIGTERM});
  CHECK(world.logged("reload finished generation=2"));
}

TEST_CASE("workers that a reload has drained are not replaced and do not count as crashes") {
  World world{{{"web", 1}}};
  world.all_ready();
  for (int i = 0; i < 5; ++i) {
    const auto old = world.last_fork.key;
    world.pass(200ms);  // SIGHUPs that come closer to each other are one.
    world.reload();
    world.ready(world.last_fork.key);
    world.dies(old, {});
    CHECK(world.alive() == 1);
  }
  CHECK(world.count("worker 0 held back") == 0);
}

TEST_CASE("a configuration that cannot be read changes nothing and forks nothing") {
  World world{{{"web", 2}}};
  world.all_ready();
  world.config_error = "app.conf:3: no such option";
  world.reload();
  CHECK(world.alive() == 2);
  CHECK(world.logged("reload failed generation=2 reason=app.conf:3: no such option"));
  world.config_error.clear();
  world.pass(200ms);
  world.reload();
  CHECK(world.alive() == 3);
}

TEST_CASE("a canary that dies ends the reload and leaves the old workers alone") {
  World world{{{"web", 2}, {"rpc", 1}}};
  world.all_ready();
  world.reload();
  CHECK(world.alive() == 5);
  world.ready(5);
  world.dies(4, {.status = 1});
  CHECK(world.logged("reload failed generation=2 reason=worker web/0 exited: status 1"));
  CHECK(world.signals_of(5) == std::vector<int>{SIGTERM});  // It may have work already.
  world.dies(5, {});
  CHECK(world.alive() == 3);
  CHECK(world.commits == 0);
}

TEST_CASE("a canary that does not get ready in time ends the reload") {
  World world{{{"web", 1}}};
  world.all_ready();
  world.reload();
  world.pass(60s);
  CHECK(world.signals_of(2) == std::vector<int>{SIGKILL});
  world.dies(2, {.signal = SIGKILL});
  CHECK(
      world.logged("reload failed generation=2 reason=worker 0 did not get ready within "
                   "worker_boot_timeout"));
  CHECK(world.alive() == 1);
}

TEST_CASE("an old worker that dies while the canary starts is replaced by one of the old") {
  World world{{{"web", 2}}};
  world.all_ready();
  world.reload();
  world.dies(2, {.signal = 9});
  CHECK(world.generations[world.last_fork.key] == 1);
  CHECK(world.alive() == 3);
}

TEST_CASE("an old worker whose canary is starting and then fails is replaced") {
  World world{{{"web", 1}}};
  world.all_ready();
  world.reload();
  world.dies(1, {.signal = 9});
  CHECK(world.alive() == 1);
  world.dies(2, {.status = 1});
  CHECK(world.logged("reload failed"));
  CHECK(world.alive() == 1);
  CHECK(world.generations[world.last_fork.key] == 1);
}

TEST_CASE("any number of HUPs during a reload make one more reload") {
  World world{{{"web", 1}}};
  world.all_ready();
  for (int i = 0; i < 200; ++i) {
    world.reload();
  }
  world.ready(2);
  world.pass(200ms);
  world.ready(3);
  CHECK(world.count("reload started") == 2);
  CHECK(world.count("reload finished") == 2);
}

TEST_CASE("an old worker that never drains is killed when its time is over") {
  World world{{{"web", 1}}};
  world.all_ready();
  world.reload();
  world.ready(2);
  world.pass(60s);
  CHECK(world.signals_of(1) == std::vector<int>{SIGTERM, SIGKILL});
  CHECK(world.logged("worker 0 killed: graceful_shutdown_timeout"));
}

TEST_CASE("TERM in the middle of a reload stops old and new") {
  World world{{{"web", 2}}};
  world.all_ready();
  world.reload();
  world.stop(Stop::graceful);
  CHECK(world.signals_of(3) == std::vector<int>{SIGTERM});
  world.ready(3);  // Too late: it was told to end.
  CHECK(world.alive() == 3);
  world.end_all();
  CHECK(world.finished == 0);
}

TEST_CASE("HUP during a stop is ignored") {
  World world{{{"web", 1}}};
  world.all_ready();
  world.stop(Stop::graceful);
  world.reload();
  CHECK(world.alive() == 1);
  CHECK_FALSE(world.logged("reload started"));
}

TEST_CASE("mutate keeps the workers and passes the signal on") {
  World world{{{"web", 2}}, Restart::mutate};
  world.all_ready();
  world.reload();
  CHECK(world.mutations == 1);
  CHECK(world.told_to_mutate[1] == 1);
  CHECK(world.told_to_mutate[2] == 1);
  CHECK(world.alive() == 2);
  world.mutated(1);
  CHECK_FALSE(world.logged("reload finished generation=2"));
  world.mutated(2);
  CHECK(world.logged("reload finished generation=2"));
}

TEST_CASE("canaries that cannot be forked leave every old worker where it is") {
  World world{{{"web", 2}, {"rpc", 1}}};
  world.all_ready();
  world.fork_fails = true;
  world.reload();
  CHECK(world.logged("reload failed generation=2 reason=worker web/0 not forked: no memory"));
  world.fork_fails = false;
  world.pass(10s);
  CHECK(world.alive() == 3);
  world.dies(3, {.status = 0, .signal = SIGKILL});
  CHECK(world.alive() == 3);  // It was known to be the one of rpc/0.
  CHECK(world.generations[world.last_fork.key] == 1);
}

TEST_CASE("a fork that fails in the middle of a rolling reload keeps the old worker") {
  World world{{{"web", 3}}};
  world.all_ready();
  world.reload();
  world.fork_of_index_fails = 1;
  world.ready(4);
  CHECK(world.logged("reload failed generation=2 reason=worker 1 not forked: no memory"));
  CHECK(world.signals_of(2).empty());
  CHECK(world.signals_of(3).empty());
  world.fork_of_index_fails.reset();
  CHECK(world.generations[world.last_fork.key] == 1);  // Back from the canary's.
  world.ready(world.last_fork.key);
  CHECK(world.logged("rolled back to generation=1"));
  world.pass(200ms);
  world.reload();
  CHECK(world.logged("reload started generation=3"));
}

TEST_CASE("a replacement that fails while rolling ends the reload, so that the next one is heard") {
  World world{{{"web", 2}}};
  world.all_ready();
  world.reload();
  world.dies(2, {.status = 0, .signal = SIGKILL});  // An old one, still to be rolled.
  const auto replacement = world.last_fork.key;
  CHECK(world.generations[replacement] == 1);
  world.ready(replacement);
  world.ready(3);  // The canary: rolling.
  const auto successor = world.last_fork.key;
  CHECK(world.generations[successor] == 2);
  world.reload();
  CHECK(world.count("reload started") == 1);
  world.dies(replacement, {.status = 0, .signal = SIGKILL});
  world.dies(successor, {.status = 1, .signal = 0});
  CHECK(world.logged("reload failed generation=2 reason=worker 1 exited: status 1"));
  for (int i = 0; i < 3; ++i) {
    world.pass(10s);
    world.all_ready();
  }
  CHECK(world.logged("rolled back to generation=1"));
  world.pass(1s);
  CHECK(world.logged("reload started generation=3"));  // What was asked for meanwhile.
}

TEST_CASE("a worker of the new generation that dies while rolling is replaced by its like") {
  World world{{{"web", 3}}};
  world.all_ready();
  world.reload();
  world.ready(4);  // Rolling: 5 is to follow 2.
  world.dies(4, {.status = 0, .signal = SIGKILL});
  world.ready(5);
  world.pass(2s);
  const auto replacement = world.last_fork.key;
  CHECK(world.generations[replacement] == 2);
  world.dies(replacement, {.status = 1, .signal = 0});
  CHECK(world.logged("reload failed generation=2 reason=worker 0 exited: status 1"));
  CHECK(world.rollbacks == 1);
  world.pass(10s);
  CHECK(world.generations[world.last_fork.key] == 1);
}

TEST_CASE("TERM that comes when a failed canary was just dismissed still ends with status 0") {
  World world{{{"web", 1}, {"rpc", 1}}};
  world.all_ready();
  world.reload();
  world.dies(3, {.status = 1, .signal = 0});  // web's canary; rpc's is killed.
  CHECK(world.signals_of(4) == std::vector<int>{SIGKILL});
  world.stop(Stop::graceful);
  world.dies(4, {.status = 0, .signal = SIGKILL});
  world.end_all();
  CHECK(world.finished == 0);
}

TEST_CASE("a worker's own HUP is passed back to it, unless the parent was sent one, too") {
  World world{{{"web", 2}}, Restart::mutate};
  world.all_ready();
  world.hung_up(1);
  CHECK(world.restarts[1] == 0);
  world.pass(20ms);
  CHECK(world.restarts[1] == 1);
  CHECK(world.restarts[2] == 0);

  world.pass(1s);
  world.hung_up(1);  // To the group: the worker's arrives first,
  world.reload();
  world.hung_up(2);  // or the parent's.
  world.pass(1s);
  CHECK(world.restarts[1] == 1);
  CHECK(world.restarts[2] == 0);
  CHECK(world.told_to_mutate[1] == 1);
  CHECK(world.told_to_mutate[2] == 1);
}

TEST_CASE("a worker's own HUP during a rolling reload is covered by it") {
  World world{{{"web", 2}}};
  world.all_ready();
  world.reload();
  world.pass(1s);
  world.hung_up(2);
  world.pass(1s);
  CHECK(world.restarts[2] == 0);
}

}  // namespace
