// A worker that ends is replaced, at a bounded rate, and nobody else is touched.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "support/probe.hpp"
#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"
#include "support/time_limit.hpp"

using namespace thane::testing;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

// E1
TEST_CASE("a worker that is sent SIGTERM ends with status 0 and is replaced, its sibling is not") {
  Probe parent{2};
  const auto workers = parent.all_ready();

  const Stopwatch since_term;
  ::kill(workers[0], SIGTERM);

  parent.expect_line("worker 0 exited: status 0 pid=" + std::to_string(workers[0]));
  const pid_t successor = parent.ready(0);
  CHECK(since_term.elapsed() < with_slack(100ms));
  CHECK(successor != workers[0]);
  CHECK(alive(workers[1]));
  CHECK(children_of(parent.pid()).size() == 2);
}

// E2
TEST_CASE("a worker killed with SIGKILL is replaced, and the line names the signal") {
  Probe parent{2};
  const auto workers = parent.all_ready();

  const Stopwatch since_kill;
  ::kill(workers[1], SIGKILL);

  parent.expect_line("worker 1 died: signal 9 pid=" + std::to_string(workers[1]));
  CHECK(parent.ready(1) != workers[1]);
  CHECK(since_kill.elapsed() < with_slack(100ms));
  CHECK(alive(workers[0]));
  CHECK(zombies_of(parent.pid()) == 0);
}

TEST_CASE("a worker that ends by itself is replaced whatever its status") {
  Probe parent{2, {"--probe-on-usr2", "exit", "--probe-exit-status", "5"}};
  const auto workers = parent.all_ready();

  ::kill(workers[0], SIGUSR2);

  parent.expect_line("worker 0 exited: status 5");
  CHECK(parent.ready(0) != workers[0]);
}

// E5, for workers: with none ready yet there is nothing worth keeping.
TEST_CASE("a service of which every worker fails in start() ends the launch with status 3") {
  Probe parent{2, {"--probe-start", "throw"}};

  parent.expect_line("service probe failed in start: probe was told to fail");
  CHECK(parent.wait_exit() == Exit{.code = 3});
  CHECK_FALSE(parent.printed("parent ready"));
}

// E5, later: degraded, not dead.
TEST_CASE("a worker that cannot start again is tried at the throttle's pace while others serve") {
  const TemporaryDirectory directory;
  Probe parent{2, {"--probe-start", "throw", "--probe-only-if-file", directory.file("broken")}};
  const auto workers = parent.all_ready();

  directory.write("broken", "");
  ::kill(workers[0], SIGKILL);
  parent.expect_line("worker 0 exited: status 1");
  parent.expect_line("worker 0 held back");

  CHECK(parent.running());
  CHECK(alive(workers[1]));
  directory.remove("broken");
  CHECK(alive(parent.ready(0)));
}

/// Kills each worker as soon as it has started, for three seconds; how many were forked, all in
/// all.
std::size_t forks_while_killing(Probe& parent) {
  const auto begin = steady_clock::now();
  while (steady_clock::now() < begin + 3s) {
    if (parent.printed_so_far("probe started pid=")) {
      ::kill(parent.expect_pid("probe started pid="), SIGKILL);
    } else {
      observe_for(2ms);
    }
  }
  std::size_t forks = 0;
  for (const auto& message : parent.messages_so_far()) {
    forks += message.starts_with("worker ") && message.find(" started pid=") != std::string::npos;
  }
  return forks;
}

// E20: W + 1 at once, then W + 1 in W seconds.
TEST_CASE("workers that die at once are forked again no faster than oslo.service forks them") {
  for (const int workers : {1, 4}) {
    CAPTURE(workers);
    Probe parent{workers, {"--probe-launcher", "process"}};
    parent.all_ready();
    const auto begin = steady_clock::now();

    const std::size_t forks = forks_while_killing(parent);

    const std::chrono::duration<double> elapsed = steady_clock::now() - begin;
    const double rate = (workers + 1.0) / workers;
    CHECK(static_cast<double>(forks) <= workers + 1 + std::ceil(elapsed.count() * rate) + 1);
    CHECK(forks > static_cast<std::size_t>(workers) + 1);
    CHECK(parent.running());
  }
}

// E20: the original sleeps in its parent and forks once more before it looks at the signal.
TEST_CASE("SIGTERM is obeyed while a worker is held back, and nothing is forked after it") {
  Probe parent{2};
  auto worker = parent.all_ready()[0];
  while (!parent.printed_so_far("worker 0 held back")) {
    ::kill(worker, SIGKILL);
    parent.expect_line("worker 0 died: signal 9 pid=" + std::to_string(worker));
    CHECK(eventually([&] {
      return parent.printed_so_far("worker 0 held back") || parent.printed_so_far("worker 0 ready");
    }));
    if (parent.printed_so_far("worker 0 ready")) {
      worker = parent.ready(0);
    }
  }

  const Stopwatch since_term;
  parent.signal(SIGTERM);

  CHECK(parent.wait_exit() == Exit{.code = 0});
  CHECK(since_term.elapsed() < with_slack(100ms));
  const auto messages = parent.messages_so_far();
  std::size_t after_stop = 0;
  bool stopping = false;
  for (const auto& message : messages) {
    stopping = stopping || message == "stopping";
    after_stop += stopping && message.find(" started pid=") != std::string::npos;
  }
  CHECK(stopping);
  CHECK(after_stop == 0);
}

// E21
TEST_CASE("a child process of the application in the parent keeps its exit status for it") {
  Probe parent{2, {"--probe-child", "parent"}};
  parent.all_ready();
  CHECK(eventually([&] { return zombies_of(parent.pid()) == 1; }));

  parent.signal(SIGTERM);

  parent.expect_line("probe child status=7");
  CHECK(parent.wait_exit() == Exit{.code = 0});
}

// E21
TEST_CASE("a child process of the application in a worker keeps its exit status for it") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Probe parent{workers, {"--probe-child", "worker"}};
    parent.all_ready();

    for (int i = 0; i < workers; ++i) {
      parent.expect_line("probe child status=7");
    }
  }
}

// E25: the original lost one of forty and let another die of the signal.
TEST_CASE("SIGTERM to a worker at its birth is neither lost nor deadly") {
  constexpr std::size_t workers = 40;
  Probe parent{workers};

  // As soon as the kernel shows them: before their lines, and before they have done anything.
  std::vector<pid_t> told;
  while (told.size() < workers && parent.running()) {
    for (const pid_t newborn : newborns_of(parent.pid())) {
      if (told.size() < workers && std::count(told.begin(), told.end(), newborn) == 0) {
        ::kill(newborn, SIGTERM);
        told.push_back(newborn);
      }
    }
  }

  for (const pid_t pid : told) {
    const std::string end = " exited: status 0 pid=" + std::to_string(pid) + " ";
    CHECK(eventually([&] {
      const auto messages = parent.messages_so_far();
      return std::any_of(messages.begin(), messages.end(), [&](const std::string& message) {
        return message.starts_with("worker ") && message.find(end) != std::string::npos;
      });
    }));
  }
  CHECK_FALSE(parent.printed_so_far("stopping"));
  parent.signal(SIGTERM);
  CHECK(parent.wait_exit() == Exit{.code = 0});
}

}  // namespace
