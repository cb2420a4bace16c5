// Signals that launchers have lost, misread or died of. The number in a test's name is the row of
// the catalogue of failures in docs/testing.md.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/eventually.hpp"
#include "support/hazard.hpp"
#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"
#include "support/time_limit.hpp"
#include "support/workers.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

using Clock = std::chrono::steady_clock;

TEST_CASE(
    "workers that die while the parent is stopped are all reaped and replaced (catalogue 1)") {
  ChildProcess parent{hazard, {"quiet", "4"}};
  const std::vector<pid_t> first = expect_ready(parent, 4);
  parent.signal(SIGSTOP);
  REQUIRE(eventually([&] { return stopped(parent.pid()); }));
  for (const pid_t worker : first) {
    ::kill(worker, SIGKILL);
  }
  REQUIRE(eventually([&] { return zombies_of(parent.pid()) == 4; }));

  const auto continued = Clock::now();
  parent.signal(SIGCONT);

  CHECK(eventually([&] { return zombies_of(parent.pid()) == 0; }));
  CHECK(Clock::now() - continued < 1s);
  const std::vector<pid_t> second = expect_ready(parent, 4);
  for (const pid_t worker : second) {
    CHECK(std::count(first.begin(), first.end(), worker) == 0);
  }
}

TEST_CASE(
    "of many signals to a stopped parent none makes it deaf to the TERM behind (catalogue 3)") {
  ChildProcess parent{hazard, {"quiet", "4"}};
  expect_ready(parent, 4);
  parent.signal(SIGSTOP);
  REQUIRE(eventually([&] { return stopped(parent.pid()); }));
  for (const int number :
       {SIGHUP, SIGUSR1, SIGUSR2, SIGUSR2, SIGUSR1, SIGHUP, SIGHUP, SIGUSR1, SIGTERM}) {
    parent.signal(number);
  }

  const Stopwatch since_continued;
  parent.signal(SIGCONT);

  CHECK(parent.wait_exit() == Exit{.code = 0});
  CHECK(since_continued.elapsed() < with_slack(200ms));
  CHECK(members_of_group(parent.pid()).empty());
}

TEST_CASE("HUP and USR1 a moment later both have their effect (catalogue 4)") {
  const TemporaryDirectory directory;
  const std::string log = directory.file("log");
  const std::string rotated = directory.file("log.1");
  ChildProcess parent{hazard, {"quiet", "2", "--log_file=" + log}};
  const auto logged = [](const std::string& file, const char* words) {
    return read_text(file).find(words) != std::string::npos;
  };
  REQUIRE(eventually([&] { return logged(log, "parent ready"); }));
  REQUIRE(::rename(log.c_str(), rotated.c_str()) == 0);

  parent.signal(SIGHUP);
  observe_for(1ms);
  parent.signal(SIGUSR1);

  CHECK(eventually([&] {
    return logged(log, "reload finished generation=2") ||
           logged(rotated, "reload finished generation=2");
  }));
  CHECK(eventually([&] { return ::access(log.c_str(), F_OK) == 0; }));
  parent.signal(SIGTERM);
  CHECK(parent.wait_exit() == Exit{.code = 0});
  CHECK(logged(log, "stopped"));
}

/// True from the launcher's construction on: by what the process does with TERM, or by its lines.
bool has_a_launcher(ChildProcess& program) {
  return signal_in_mask(program.pid(), "SigBlk", SIGTERM) ||
         signal_in_mask(program.pid(), "SigCgt", SIGTERM) ||
         program.printed_so_far("Starting 2 workers");
}

TEST_CASE("TERM at any moment of the first 300 ms ends the parent in time (catalogue 7)") {
  constexpr int moments = 300;
  constexpr int at_once = 12;  // Programs that start side by side, so that the test is short.
  for (int first = 0; first < moments; first += at_once) {
    struct Start {
      std::unique_ptr<ChildProcess> parent;
      Clock::time_point due;
      bool hears = false;  // When TERM was sent.
    };
    std::vector<Start> starts;
    for (int i = 0; i < at_once; ++i) {
      // Moments that are far apart, so that one machine is not asked to do all at the same time.
      const auto moment = std::chrono::milliseconds{first / at_once + i * (moments / at_once)};
      starts.push_back(
          {std::make_unique<ChildProcess>(hazard, std::vector<std::string>{"quiet", "2"}),
           Clock::now() + moment});
    }
    for (Start& start : starts) {
      while (Clock::now() < start.due) {
        observe_for(1ms);
      }
      start.hears = has_a_launcher(*start.parent);
      start.parent->signal(SIGTERM);
    }
    const Stopwatch since_last_term;
    for (const Start& start : starts) {
      const Exit exit = start.parent->wait_exit();
      CHECK(since_last_term.elapsed() < with_slack(200ms));
      // Before main() has made a launcher nobody is there to hear it: the kernel ends the program.
      CHECK((exit == Exit{.code = 0} || (!start.hears && exit == Exit{.signal = SIGTERM})));
      CHECK(eventually([&] { return members_of_group(start.parent->pid()).empty(); }));
    }
  }
}

TEST_CASE("TERM to a newborn worker is not taken for one to the parent (catalogue 8)") {
  for (int i = 0; i < repeated(sanitized ? 40 : 400); ++i) {
    ChildProcess parent{hazard, {"quiet", "11"}};
    // All but the oldest, so that one gets ready whatever becomes of the others.
    std::vector<pid_t> told;
    while (told.size() < 10) {
      const std::vector<pid_t> workers = newborns_of(parent.pid());
      for (std::size_t k = 1; k < workers.size() && told.size() < 10; ++k) {
        if (std::count(told.begin(), told.end(), workers[k]) == 0) {
          ::kill(workers[k], SIGTERM);
          told.push_back(workers[k]);
        }
      }
      REQUIRE(parent.running());
    }
    parent.expect_pid("worker 0 ready pid=");
    for (const pid_t worker : told) {
      CHECK(eventually_gone(worker));
    }
    CHECK_FALSE(parent.printed_so_far("stopping"));
    CHECK(parent.running());

    parent.signal(SIGTERM);
    CHECK(parent.wait_exit() == Exit{.code = 0});
  }
}

TEST_CASE("a hundred forks later the parent still hears its signals (catalogue 9)") {
  ChildProcess parent{hazard, {"quiet", "2"}};
  expect_ready(parent, 2);
  for (int i = 0; i < repeated(50); ++i) {
    parent.signal(SIGHUP);
    parent.expect_line("reload finished");
    expect_ready(parent, 2);
  }

  parent.signal(SIGTERM);
  CHECK(parent.wait_exit() == Exit{.code = 0});
}

/// What a program may be started with: by nohup, by a shell's `&`, by a parent that is careless.
const ChildOptions nothing_inherited{};
const ChildOptions ignored_signals{
    .ignored_signals = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGUSR1, SIGCHLD}};
const ChildOptions blocked_signals{.blocked_signals = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM,
                                                       SIGUSR1, SIGUSR2, SIGCHLD, SIGALRM}};

TEST_CASE("a program that a worker runs has no signal blocked or ignored (catalogue 10)") {
  // popen() itself leaves two signals ignored that belong to the C library; ours does the same.
  std::FILE* const reference = ::popen("exec grep SigIgn /proc/self/status", "r");
  REQUIRE(reference != nullptr);
  char ignored[32] = {};
  CHECK(std::fscanf(reference, "SigIgn: %31s", ignored) == 1);
  ::pclose(reference);

  for (const char* workers : {"1", "2"}) {
    for (const ChildOptions& options : {nothing_inherited, ignored_signals, blocked_signals}) {
      CAPTURE(workers);
      CAPTURE(options.ignored_signals.size());
      CAPTURE(options.blocked_signals.size());
      ChildProcess parent{hazard, {"helper", workers}, options};

      CHECK(parent.expect_line("helper has SigBlk:\t") == "0000000000000000");
      CHECK(parent.expect_line("helper has SigIgn:\t") == ignored);
    }
  }
}

TEST_CASE("signals that a program is started to ignore are heard (catalogue 10)") {
  for (const char* workers : {"1", "2"}) {
    CAPTURE(workers);
    ChildProcess parent{hazard, {"quiet", workers}, ignored_signals};
    parent.expect_line("parent ready");
    for (const pid_t worker : children_of(parent.pid())) {
      ::kill(worker, SIGTERM);
      parent.expect_line("worker 0 exited: status 0");
      parent.expect_line("worker 0 ready");
      parent.expect_line("worker 0 ready");
      break;
    }
    parent.signal(SIGHUP);
    parent.expect_line("reload finished");
    const Stopwatch since_term;
    parent.signal(SIGTERM);
    CHECK(parent.wait_exit() == Exit{.code = 0});
    CHECK(since_term.elapsed() < with_slack(200ms));
  }
}

TEST_CASE("signals that a program is started to block are heard (catalogue 10)") {
  for (const char* workers : {"1", "2"}) {
    CAPTURE(workers);
    ChildProcess parent{hazard, {"quiet", workers}, blocked_signals};
    parent.expect_line("parent ready");
    const Stopwatch since_term;
    parent.signal(SIGTERM);
    CHECK(parent.wait_exit() == Exit{.code = 0});
    CHECK(since_term.elapsed() < with_slack(200ms));
  }
}

}  // namespace
