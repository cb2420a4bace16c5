// Long pauses and hard times, in which nobody hangs.
#include <doctest/doctest.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "support/eventually.hpp"
#include "support/family.hpp"
#include "support/process_info.hpp"
#include "support/time_limit.hpp"
#include "support/workers.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

/// A service that is hung after so many seconds without a sign of life.
std::string watched(int seconds, int workers, const std::string& more = "") {
  return "[DEFAULT]\nworker_timeout = " + std::to_string(seconds) +
         "\n[a]\nworkers = " + std::to_string(workers) + "\n" + more;
}

bool nobody_was_lost(Family& family) {
  return family.count_lines_with(" hung: ") == 0 && family.count_lines_with(" died: ") == 0;
}

TEST_CASE("sixteen workers that start slowly are reloaded without a false alarm (catalogue 30)") {
  constexpr int workers = 16;
  Family family{watched(1, workers, "start_time = 1500ms\n")};
  expect_ready(family, workers);
  family.signal(SIGHUP);
  for (int i = 0; i < workers; ++i) family.ready(std::to_string(i));
  family.expect_line("reload finished");
  CHECK(nobody_was_lost(family));
}

TEST_CASE("a parent that stood still for a minute, with sixty-four workers, goes on (33)") {
  constexpr int count = 64;
  Family family{watched(30, count)};
  const auto workers = expect_ready(family, count);
  family.signal(SIGSTOP);
  REQUIRE(eventually([&] { return stopped(family.pid()); }));
  for (int i = 0; i < 600; ++i) {
    for (const pid_t worker : workers) ::kill(worker, SIGHUP);
    observe_for(100ms);
  }
  family.signal(SIGCONT);
  for (int i = 0; i < count; ++i) {
    family.expect_line("worker " + std::to_string(i) + " reload finished");
  }
  CHECK(nobody_was_lost(family));
  CHECK(children_of(family.pid()).size() == count);
}

/// Processes of ordinary priority that leave nothing of one processor.
ChildProcess crowd_of(int size) {
  return {"/usr/bin/taskset",
          {"-c", "0", "/bin/sh", "-c",
           "for i in $(seq " + std::to_string(size) +
               "); do (while :; do :; done) & done; echo crowd has come; wait"}};
}

/// From now on it runs on the first processor only, and when nobody else wants to.
void starve(pid_t pid) {
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  REQUIRE(::sched_setaffinity(pid, sizeof first, &first) == 0);
  REQUIRE(::setpriority(PRIO_PROCESS, static_cast<id_t>(pid), 19) == 0);
}

TEST_CASE("workers that are hardly let run are starved and not hung (catalogue 31)") {
  Family family{watched(1, 4)};
  const auto workers = expect_ready(family, 4);
  ChildProcess crowd = crowd_of(200);
  crowd.expect_line("crowd has come");
  for (const pid_t worker : workers) starve(worker);
  observe_for(30s);
  CHECK(nobody_was_lost(family));
  CHECK(children_of(family.pid()) == workers);
}

}  // namespace
