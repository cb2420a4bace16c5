// No worker outlives its parent: idle ones go at once, busy ones within the deadline.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <string>
#include <vector>

#include "support/probe.hpp"
#include "support/process_info.hpp"
#include "support/time_limit.hpp"

using namespace thane::testing;
using namespace std::chrono_literals;

namespace {

// E3
TEST_CASE("idle workers do not outlive a parent killed with SIGKILL") {
  Probe parent{2};
  const auto workers = parent.all_ready();

  const Stopwatch since_kill;
  parent.signal(SIGKILL);

  CHECK(parent.wait_exit() == Exit{.signal = SIGKILL});
  CHECK(eventually_gone(workers[0]));
  CHECK(eventually_gone(workers[1]));
  CHECK(since_kill.elapsed() < with_slack(20ms));
}

// E3: the original's watcher drains without a limit, so such workers stayed for ever.
TEST_CASE("workers whose stop() does not return outlive their parent until the deadline only") {
  for (const std::string how : {"hang", "block", "spin"}) {
    CAPTURE(how);
    Probe parent{2, {"--probe-stop", how, "--graceful-shutdown-timeout", "1"}};
    const auto workers = parent.all_ready();

    const Stopwatch since_kill;
    parent.signal(SIGKILL);

    CHECK(eventually_gone(workers[0]));
    CHECK(eventually_gone(workers[1]));
    CHECK(since_kill.elapsed() >= 1s);
    CHECK(since_kill.elapsed() < with_slack(1500ms));  // The deadline and half a second.
  }
}

TEST_CASE("an orphaned worker finishes the fibers of its group") {
  Probe parent{2, {"--probe-work", "500ms"}};
  const auto workers = parent.all_ready();

  parent.signal(SIGKILL);

  for (const pid_t worker : workers) {
    parent.expect_line("probe work done pid=" + std::to_string(worker));
    CHECK(eventually_gone(worker));
  }
}

// E22
TEST_CASE("processes that workers have forked do not keep the parent's death from being noticed") {
  Probe parent{2, {"--probe-child", "worker_fork"}};
  const auto workers = parent.all_ready();
  const pid_t one = parent.expect_pid("probe child pid=");
  const pid_t other = parent.expect_pid("probe child pid=");

  parent.signal(SIGKILL);

  CHECK(eventually_gone(workers[0]));
  CHECK(eventually_gone(workers[1]));
  CHECK(alive(one));
  CHECK(alive(other));
}

// Each worker is forked with the parent's descriptors: had a sibling kept one, the end of the
// parent would not be seen. The successor of a dead worker is forked last and sees the most of
// them.
TEST_CASE("workers that were replaced notice the parent's death as well") {
  Probe parent{2};
  auto workers = parent.all_ready();
  ::kill(workers[0], SIGKILL);
  workers[0] = parent.ready(0);

  parent.signal(SIGKILL);

  CHECK(eventually_gone(workers[0]));
  CHECK(eventually_gone(workers[1]));
}

}  // namespace
