// What launchers have done to logs, to service managers and to the environment. The number in a
// test's name is the row of the catalogue of failures in docs/testing.md.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/eventually.hpp"
#include "support/hazard.hpp"
#include "support/notify_socket.hpp"
#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"
#include "support/workers.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

using Clock = std::chrono::steady_clock;

/// CPU time that the processes use while a second goes by, the busiest one's.
std::chrono::nanoseconds cpu_in_a_second(const std::vector<pid_t>& pids) {
  std::vector<std::chrono::nanoseconds> before;
  std::transform(pids.begin(), pids.end(), std::back_inserter(before), cpu_time_of);
  observe_for(1s);
  std::chrono::nanoseconds most{0};
  for (std::size_t i = 0; i < pids.size(); ++i) {
    REQUIRE(alive(pids[i]));
    most = std::max(most, cpu_time_of(pids[i]) - before[i]);
  }
  return most;
}

TEST_CASE("orphans that drain do not spin on a log that nobody reads any more (catalogue 35)") {
  ChildProcess parent{hazard, {"stubborn", "2", "--graceful_shutdown_timeout=4"}};
  const std::vector<pid_t> workers = expect_ready(parent, 2);
  parent.signal(SIGKILL);
  parent.close_output();

  CHECK(cpu_in_a_second(workers) < 300ms);
  for (const pid_t worker : workers) {
    CHECK(eventually_gone(worker));
  }
}

TEST_CASE("a log pipe that nobody empties delays neither respawn nor stop (catalogue 67)") {
  ChildProcess parent{hazard, {"chatter", "2"}, {.pipe_size = 4096}};
  expect_ready(parent, 2);
  const pid_t pid = parent.pid();
  observe_for(300ms);  // Far more is said meanwhile than the pipe holds.

  const std::vector<pid_t> before = children_of(pid);
  REQUIRE(before.size() == 2);
  const auto killed = Clock::now();
  ::kill(before[0], SIGKILL);
  CHECK(eventually([&] {
    const std::vector<pid_t> now = children_of(pid);
    return now.size() == 2 && std::count(now.begin(), now.end(), before[0]) == 0;
  }));
  CHECK(Clock::now() - killed < 1s);

  const auto told = Clock::now();
  parent.signal(SIGTERM);
  CHECK(eventually_gone(pid));
  CHECK(Clock::now() - told < 2s);
  CHECK(parent.wait_exit() == Exit{.code = 0});
}

TEST_CASE("a log whose reader has gone costs no CPU and ends nobody (catalogue 68)") {
  ChildProcess parent{hazard, {"quiet", "2"}};
  std::vector<pid_t> processes = expect_ready(parent, 2);
  parent.close_output();
  ::kill(processes[0], SIGKILL);  // Gives the parent something to say.
  CHECK(eventually([&] {
    const std::vector<pid_t> now = children_of(parent.pid());
    return now.size() == 2 && std::count(now.begin(), now.end(), processes[0]) == 0;
  }));

  processes = children_of(parent.pid());
  processes.push_back(parent.pid());
  CHECK(cpu_in_a_second(processes) < 50ms);

  parent.signal_group(SIGUSR1);  // Rotated: to be opened anew, which has no reader either.
  CHECK(cpu_in_a_second(processes) < 50ms);
  parent.signal(SIGHUP);
  CHECK(eventually([&] {
    const std::vector<pid_t> now = children_of(parent.pid());
    return now.size() == 2 && now.front() > processes[1];
  }));

  parent.signal(SIGTERM);
  CHECK(parent.wait_exit() == Exit{.code = 0});
}

TEST_CASE("only the parent speaks to the service manager (catalogue 71)") {
  const TemporaryDirectory directory;
  for (const std::string& address :
       {directory.file("notify"), "@thane-catalogue-" + std::to_string(::getpid())}) {
    NotifySocket manager{address};
    ChildProcess parent{hazard, {"quiet", "3"}, {.environment = {manager.variable()}}};
    CHECK(manager.expect("READY=1").sender == parent.pid());
    ::kill(expect_ready(parent, 3)[0], SIGKILL);
    parent.expect_line("worker 0 ready");
    parent.signal(SIGTERM);
    CHECK(manager.expect("STOPPING=1").sender == parent.pid());
    CHECK(parent.wait_exit() == Exit{.code = 0});
    while (const auto more = manager.poll()) {
      CHECK(more->sender == parent.pid());
    }
  }
}

TEST_CASE("READY is told when the services have started and not before (catalogue 73)") {
  const TemporaryDirectory directory;
  for (const char* workers : {"1", "3"}) {
    NotifySocket manager{directory.file(workers)};
    const std::string gate = directory.file("gate");
    ChildProcess parent{
        hazard, {"gate", workers}, {.environment = {manager.variable(), "HAZARD_GATE=" + gate}}};
    parent.expect_line("worker 0 started");
    observe_for(300ms);
    while (const auto early = manager.poll()) {
      CHECK(early->text.find("READY=1") == std::string::npos);
    }

    directory.write("gate", "open");

    manager.expect("READY=1");
    directory.remove("gate");
  }
}

TEST_CASE("READY is never told for a service that cannot start (catalogue 73)") {
  const TemporaryDirectory directory;
  for (const char* workers : {"1", "3"}) {
    NotifySocket manager{directory.file(workers)};
    ChildProcess parent{hazard, {"broken", workers}, {.environment = {manager.variable()}}};

    CHECK(parent.wait_exit() == Exit{.code = 3});

    while (const auto told = manager.poll()) {
      CHECK(told->text.find("READY=1") == std::string::npos);
    }
  }
}

TEST_CASE("workers and their programs do not see the service manager's variables (catalogue 76)") {
  const TemporaryDirectory directory;
  for (const char* workers : {"1", "2"}) {
    NotifySocket manager{directory.file(workers)};
    ChildProcess parent{
        hazard,
        {"helper", workers},
        {.environment = {manager.variable(), "LISTEN_FDS=0", "LISTEN_PID=1", "WATCHDOG_PID=1",
                         "WATCHDOG_USEC=30000000", "HAZARD_KEPT=yes"}}};
    parent.expect_line("helper done");

    for (const char* name :
         {"NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "WATCHDOG_PID", "WATCHDOG_USEC"}) {
      CHECK(parent.expect_line(std::string{"worker sees "} + name + "=") == "");
      CHECK_FALSE(parent.printed_so_far(std::string{"helper sees "} + name));
    }
    CHECK(parent.expect_line("worker sees HAZARD_KEPT=") == "yes");
    CHECK(parent.printed_so_far("helper sees HAZARD_KEPT=yes"));
  }
}

}  // namespace
