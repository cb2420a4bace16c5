// Workers that hang, and workers that only seem to. The number in a test's name is the row of the
// catalogue of failures in docs/testing.md.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "support/eventually.hpp"
#include "support/family.hpp"
#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"
#include "support/time_limit.hpp"
#include "support/workers.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

/// A service that is hung after a second without a sign of life.
std::string watched(int workers, const std::string& more = "") {
  return "[DEFAULT]\nworker_timeout = 1\n[a]\nworkers = " + std::to_string(workers) + "\n" + more;
}

bool nobody_was_lost(Family& family) {
  return !family.printed_so_far("worker 0 hung") && family.count_lines_with(" hung: ") == 0 &&
         family.count_lines_with(" died: ") == 0;
}

TEST_CASE("a worker that is stopped is replaced, though it had nothing to do (catalogue 27)") {
  Family family{watched(2)};
  const auto workers = expect_ready(family, 2);

  const Stopwatch since_stop;
  ::kill(workers[0], SIGSTOP);

  family.expect_line("worker 0 hung: no sign of life for 1.");
  const pid_t successor = family.ready("0");
  CHECK(since_stop.elapsed() < with_slack(1500ms));
  CHECK(successor != workers[0]);
  CHECK(eventually_gone(workers[0]));
  family.expect_line("worker 0 died: signal ");
  CHECK(alive(workers[1]));
  family.signal(SIGTERM);
  CHECK(family.wait_exit() == Exit{.code = 0});
}

TEST_CASE("a worker that spins or blocks is replaced (catalogue 27)") {
  for (const std::string how : {"spin", "block"}) {
    CAPTURE(how);
    Family family{watched(2, "at = usr2\ntrouble = " + how + "\n")};
    const auto workers = expect_ready(family, 2);

    const Stopwatch since_signal;
    ::kill(workers[1], SIGUSR2);

    CHECK(family.ready("1") != workers[1]);
    CHECK(since_signal.elapsed() < with_slack(1500ms));
    CHECK(eventually_gone(workers[1]));
    CHECK(eventually([&] { return family.count_lines_with("reason=\"worker_timeout\"") == 1; }));
    CHECK(alive(workers[0]));
  }
}

TEST_CASE("a stop does not wait for a worker that is stopped (catalogue 26)") {
  Family family{"[DEFAULT]\ngraceful_shutdown_timeout = 1\n[a]\nworkers = 2\n"};
  const auto workers = expect_ready(family, 2);
  ::kill(workers[0], SIGSTOP);
  REQUIRE(eventually([&] { return stopped(workers[0]); }));

  const Stopwatch since_term;
  family.signal(SIGTERM);

  CHECK(family.wait_exit() == Exit{.code = 1});
  CHECK(since_term.elapsed() >= 1s);
  CHECK(since_term.elapsed() < with_slack(1200ms));
  CHECK(family.printed("worker 0 killed: graceful_shutdown_timeout"));
  CHECK(family.printed("worker 1 exited: status 0"));
}

TEST_CASE("a disk without room for the log kills nobody (catalogue 28)") {
  Family family{watched(3), {"--log-file", "/dev/full"}};
  REQUIRE(eventually([&] { return children_of(family.pid()).size() == 3; }));
  observe_for(300ms);
  const auto workers = children_of(family.pid());
  observe_for(3s);
  CHECK(children_of(family.pid()) == workers);
  ::kill(workers[0], SIGKILL);
  CHECK(eventually([&] {
    const auto now = children_of(family.pid());
    return now.size() == 3 && now != workers;
  }));
  family.signal(SIGTERM);
  CHECK(family.wait_exit() == Exit{.code = 0});
}

TEST_CASE("a drain that takes longer than worker_timeout is not a hang (catalogue 29)") {
  Family family{watched(2, "stop_time = 3s\n")};
  expect_ready(family, 2);
  const Stopwatch since_term;
  family.signal(SIGTERM);
  CHECK(family.wait_exit() == Exit{.code = 0});
  CHECK(since_term.elapsed() >= 3s);
  CHECK(nobody_was_lost(family));
}

TEST_CASE("workers that take longer to start than worker_timeout are not hung (catalogue 30)") {
  constexpr int workers = 3;
  Family family{watched(workers, "start_time = 1300ms\n")};
  expect_ready(family, workers);
  family.signal(SIGHUP);
  for (int i = 0; i < workers; ++i) family.ready(std::to_string(i));
  family.expect_line("reload finished");
  observe_for(1500ms);
  CHECK(nobody_was_lost(family));
}

TEST_CASE("a pause of the whole tree kills nobody when it goes on (catalogue 31)") {
  Family family{watched(4)};
  const auto workers = expect_ready(family, 4);
  for (int pause = 0; pause < repeated(2); ++pause) {
    family.signal_group(SIGSTOP);
    REQUIRE(eventually([&] { return std::ranges::all_of(workers, stopped); }));
    observe_for(2500ms);
    family.signal_group(SIGCONT);
    observe_for(1500ms);
  }
  CHECK(nobody_was_lost(family));
  CHECK(children_of(family.pid()) == workers);
}

TEST_CASE("leaps of the wall clock are no pauses (catalogue 31)") {
  ChildProcess parent{PROGRAMS_DIR "/jumping_clock", {"2", "--worker_timeout=1"}};
  expect_ready(parent, 2);
  observe_for(3s);
  CHECK_FALSE(parent.printed_so_far("worker 0 hung"));
  CHECK_FALSE(parent.printed_so_far("worker 1 hung"));
  CHECK(parent.count_so_far("worker 0 started") == 1);
}

TEST_CASE("a parent that stands still while workers report goes on as ever (catalogue 33)") {
  constexpr int count = 64;
  Family family{"[a]\nworkers = " + std::to_string(count) + "\n"};
  const auto workers = expect_ready(family, count);
  family.expect_line("parent ready");
  family.signal(SIGSTOP);
  REQUIRE(eventually([&] { return stopped(family.pid()); }));
  for (int i = 0; i < 50; ++i) {
    for (const pid_t worker : workers) ::kill(worker, SIGHUP);  // Of each it tells the parent.
    observe_for(10ms);
  }
  for (int i = 0; i < 8; ++i) ::kill(workers[static_cast<std::size_t>(i)], SIGKILL);
  observe_for(sanitized ? 500ms : 1000ms);

  const Stopwatch since_continued;
  family.signal(SIGCONT);

  for (int i = 0; i < 8; ++i) family.expect_line("worker " + std::to_string(i) + " died: signal 9");
  for (int i = 8; i < count; ++i) {
    family.expect_line("worker " + std::to_string(i) + " reload finished");
  }
  CHECK(since_continued.elapsed() < with_slack(2000ms));
  CHECK(eventually([&] { return children_of(family.pid()).size() == count; }));
  family.signal(SIGTERM);
  CHECK(family.wait_exit() == Exit{.code = 0});
}

}  // namespace
