// Hooks: each runs in the process and at the turn of life that hooks.hpp says, and its exceptions
// mean what is said there.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/eventually.hpp"
#include "support/family.hpp"
#include "support/process_info.hpp"

using namespace thane::testing;

namespace {

std::string of(pid_t pid) {
  return " pid=" + std::to_string(pid);
}

/// The hooks' lines so far, each up to its pid: "hook on_starting pid=".
std::vector<std::string> hooks_called(Family& family) {
  std::vector<std::string> hooks;
  for (const std::string& message : family.messages_so_far()) {
    if (message.starts_with("hook ")) hooks.push_back(message.substr(5, message.find(" pid=") - 5));
  }
  return hooks;
}

TEST_CASE("each hook runs once for what it tells of, in the parent or in the worker") {
  Family family{"[DEFAULT]\nservices = a\n"};
  const pid_t worker = family.ready("0");
  const std::string first = " worker=a/0 worker_pid=" + std::to_string(worker) + " generation=1";
  family.expect_line("hook on_starting" + of(family.pid()));
  family.expect_line("hook post_fork" + of(worker) + first);
  family.expect_line("hook worker_ready" + of(family.pid()) + first);

  ::kill(worker, SIGKILL);
  family.expect_line("hook worker_exited" + of(family.pid()) + first +
                     " status=0 signal=9 unplanned");
  const pid_t second = family.ready("0");

  family.signal(SIGHUP);
  family.expect_line("hook on_reload" + of(family.pid()) + " generation=2");
  const pid_t third = family.ready("0");
  family.expect_line("hook worker_exited" + of(family.pid()) + " worker=a/0 worker_pid=" +
                     std::to_string(second) + " generation=1 status=0 signal=0 planned");

  family.signal(SIGTERM);
  family.expect_line("hook on_stopping" + of(family.pid()));
  family.expect_line("hook worker_exited" + of(family.pid()) + " worker=a/0 worker_pid=" +
                     std::to_string(third) + " generation=2 status=0 signal=0 planned");
  family.expect_line("hook on_stopped" + of(family.pid()) + " status=0");
  CHECK(family.wait_exit() == Exit{.code = 0});
  auto hooks = hooks_called(family);
  std::ranges::sort(hooks);
  CHECK(hooks == std::vector<std::string>{"on_reload", "on_starting", "on_stopped", "on_stopping",
                                          "post_fork", "post_fork", "post_fork", "worker_exited",
                                          "worker_exited", "worker_exited", "worker_ready",
                                          "worker_ready", "worker_ready"});
}

TEST_CASE("the one process calls the hooks itself, but for the end of a worker") {
  Family family{"[DEFAULT]\nlauncher = service\n"};
  family.expect_line("parent ready");
  family.signal(SIGHUP);
  family.expect_line("reload finished generation=2");
  family.signal(SIGTERM);
  CHECK(family.wait_exit() == Exit{.code = 0});
  CHECK(hooks_called(family) == std::vector<std::string>{"on_starting", "post_fork", "worker_ready",
                                                         "on_reload", "on_stopping", "on_stopped"});
  for (const char* hook :
       {"on_starting", "post_fork", "worker_ready", "on_reload", "on_stopping"}) {
    CHECK(family.printed("hook " + std::string{hook} + of(family.pid())));
  }
  CHECK(family.printed("hook on_stopped" + of(family.pid()) + " status=0"));
}

TEST_CASE("an exception from on_starting ends the launch before the first fork") {
  for (const std::string launcher : {"process", "service"}) {
    CAPTURE(launcher);
    Family family{"[DEFAULT]\nbad_hook = on_starting\nlauncher = " + launcher + "\n"};
    CHECK(family.wait_exit() == Exit{.code = 3});
    CHECK(family.printed("cannot start: on_starting was told to throw"));
    CHECK_FALSE(family.printed("worker 0 started"));
  }
}

TEST_CASE("an exception from post_fork is one from start()") {
  for (const std::string launcher : {"process", "service"}) {
    CAPTURE(launcher);
    Family family{"[DEFAULT]\nbad_hook = post_fork\nlauncher = " + launcher + "\n"};
    CHECK(family.wait_exit() == Exit{.code = 3});
    CHECK(family.printed("hook post_fork failed: post_fork was told to throw"));
    CHECK_FALSE(family.printed("a start"));
    if (launcher == "process") {
      CHECK(family.count_lines_with("worker 0 exited: status 1") == 1);
      CHECK(family.count_lines_with(
                "reason=\"hook post_fork failed: post_fork was told to throw\"") == 1);
    }
  }
}

TEST_CASE("an exception from on_reload refuses the reload, and its text is the reason") {
  for (const std::string launcher : {"process", "service"}) {
    for (const std::string method : {"reload", "mutate"}) {
      CAPTURE(launcher);
      CAPTURE(method);
      Family family{"[DEFAULT]\nbad_hook = on_reload\nlauncher = " + launcher +
                    "\nrestart_method = " + method + "\n"};
      const pid_t worker = family.ready("0");
      family.expect_line("parent ready");
      family.signal(SIGHUP);
      family.expect_line("reload failed generation=2 reason=on_reload was told to throw");
      CHECK(alive(worker));
      CHECK_FALSE(family.printed_so_far("a reset"));
      CHECK(family.count_so_far("worker 0 started") == 1);
      family.signal(SIGTERM);
      CHECK(family.wait_exit() == Exit{.code = 0});
    }
  }
}

TEST_CASE("an exception from any other hook is logged, and nothing changes") {
  for (const std::string hook : {"worker_ready", "worker_exited", "on_stopping", "on_stopped"}) {
    for (const std::string launcher : {"process", "service"}) {
      CAPTURE(hook);
      CAPTURE(launcher);
      Family family{"[DEFAULT]\nbad_hook = " + hook + "\nlauncher = " + launcher + "\n"};
      family.expect_line("parent ready");
      family.signal(SIGTERM);
      CHECK(family.wait_exit() == Exit{.code = 0});
      const bool called = hook != "worker_exited" || launcher == "process";
      CHECK(family.printed("hook " + hook + " failed: " + hook + " was told to throw") == called);
    }
  }
}

}  // namespace
