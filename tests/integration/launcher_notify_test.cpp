// What a service manager is told, by whom, and when.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "support/notify_socket.hpp"
#include "support/probe.hpp"
#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"

using namespace thane::testing;

namespace {

// E27
TEST_CASE("READY=1 comes once, from the parent, when every worker is ready") {
  const TemporaryDirectory directory;
  NotifySocket manager{directory.file("notify")};
  Probe parent{2, {"--probe-start", "slow"}, {.environment = {manager.variable()}}};

  const Notification ready = manager.expect("READY=1");

  CHECK(ready.sender == parent.pid());
  CHECK(parent.count_so_far("worker 0 ready") == 1);
  CHECK(parent.count_so_far("worker 1 ready") == 1);

  parent.signal(SIGTERM);
  CHECK(manager.expect("STOPPING=1").sender == parent.pid());
  CHECK(parent.wait_exit() == Exit{.code = 0});
  while (const auto more = manager.poll()) {
    CHECK(more->text.find("READY=1") == std::string::npos);
  }
}

// E27
TEST_CASE("a respawned worker is no reason for another READY=1") {
  const TemporaryDirectory directory;
  NotifySocket manager{directory.file("notify")};
  Probe parent{2, {}, {.environment = {manager.variable()}}};
  const auto workers = parent.all_ready();
  manager.expect("READY=1");

  ::kill(workers[0], SIGKILL);
  parent.ready(0);
  parent.signal(SIGTERM);

  CHECK(parent.wait_exit() == Exit{.code = 0});
  while (const auto more = manager.poll()) {
    CHECK(more->text.find("READY=1") == std::string::npos);
  }
}

// E27
TEST_CASE("services do not see NOTIFY_SOCKET") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    const TemporaryDirectory directory;
    NotifySocket manager{directory.file("notify")};
    Probe parent{workers, {}, {.environment = {manager.variable()}}};

    for (const pid_t pid : parent.all_ready()) {
      parent.expect_line("probe started pid=" + std::to_string(pid) +
                         " service=probe notify_socket=unset");
    }
  }
}

// E27
TEST_CASE("the one process tells its manager on an abstract socket as well") {
  NotifySocket manager{"@thane-test-" + std::to_string(::getpid())};
  Probe process{1, {}, {.environment = {manager.variable()}}};

  CHECK(manager.expect("READY=1").sender == process.pid());
  process.signal(SIGTERM);
  CHECK(manager.expect("STOPPING=1").sender == process.pid());
  CHECK(process.wait_exit() == Exit{.code = 0});
}

TEST_CASE("a service that cannot start is never announced as ready") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    const TemporaryDirectory directory;
    NotifySocket manager{directory.file("notify")};
    Probe parent{workers, {"--probe-start", "throw"}, {.environment = {manager.variable()}}};

    CHECK(parent.wait_exit() == Exit{.code = 3});
    while (const auto more = manager.poll()) {
      CHECK(more->text.find("READY=1") == std::string::npos);
    }
  }
}

TEST_CASE("a notify socket that nobody reads or that is gone stops nothing") {
  Probe parent{2, {}, {.environment = {"NOTIFY_SOCKET=/tmp/thane-test-no-such-socket"}}};
  parent.all_ready();

  parent.signal(SIGTERM);

  CHECK(parent.wait_exit() == Exit{.code = 0});
}

}  // namespace
