// A fiber that keeps all others from running is named while it does; nobody else is.
#include <doctest/doctest.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <thane/check.hpp>

#include "support/child_process.hpp"
#include "support/probe.hpp"
#include "support/process_info.hpp"
#include "support/time_limit.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

std::unique_ptr<ChildProcess> calamity(const std::string& what, int workers = 1) {
  return std::make_unique<ChildProcess>(PROGRAMS_DIR "/calamity",
                                        std::vector<std::string>{what, std::to_string(workers)});
}

void move_to_one_processor(pid_t pid) {
  cpu_set_t first;
  thane::check(::sched_getaffinity(0, sizeof first, &first), "sched_getaffinity");
  bool found = false;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &first) && std::exchange(found, true)) CPU_CLR(i, &first);
  }
  thane::check(::sched_setaffinity(pid, sizeof first, &first), "sched_setaffinity");
}

// On a busy machine the kernel may pass a thread by when it looks for timers that are due, and then
// a short stall is told without its function: the program's grow longer until one is seen.
TEST_CASE("a fiber that computes for 150 ms is logged with its function, and when it gives way") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    const auto program = calamity("spin", workers);
    for (int times = 0; times < 2 * workers; ++times) {
      program->expect_line("    at (anonymous namespace)::computes + 0x");
    }
    program->signal(SIGINT);
    program->wait_exit();
    int begun = 0;
    int over = 0;
    for (const std::string& text : program->messages_so_far()) {
      if (!text.starts_with("stall: fiber calamity (id ")) continue;
      begun += text.find(" ms without giving way") != text.npos ? 1 : 0;
      over += text.find(") gave way after ") != text.npos ? 1 : 0;
    }
    CHECK(begun >= 2 * workers);
    CHECK(over <= begun);
    CHECK(over >= begun - workers);  // The last may have been interrupted.
    if (slack() == 0ms) {
      CHECK_FALSE(program->printed("stall: the loop stood still"));
    }
  }
}

TEST_CASE("a fiber that waits in a system call for 300 ms is logged when it has come back") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    const auto program = calamity("block", workers);
    for (int times = 0; times < workers; ++times) {
      const auto rest = program->expect_line("stall: the loop stood still for ");
      CHECK(rest.ends_with(" ms in fiber calamity"));
      CHECK(std::stoi(rest) >= 290);
    }
  }
}

TEST_CASE("a process that was stopped has not stalled: row 31") {
  const auto program = calamity("busy");
  program->expect_line("calamity begins");
  for (int times = 0; times < 5; ++times) {
    program->signal(SIGSTOP);
    REQUIRE(eventually([&] { return stopped(program->pid()); }));
    observe_for(250ms);
    program->signal(SIGCONT);
    observe_for(50ms);
  }
  CHECK_FALSE(program->printed_so_far("stall:"));
}

TEST_CASE("a process that does not get the processor has not stalled") {
  const auto program = calamity("busy");
  program->expect_line("calamity begins");
  move_to_one_processor(program->pid());
  thane::check(::setpriority(PRIO_PROCESS, static_cast<id_t>(program->pid()), 19), "setpriority");
  const auto one = calamity("spin_on");
  const auto other = calamity("spin_on");
  move_to_one_processor(one->pid());
  move_to_one_processor(other->pid());
  int starved = 0;  // Half seconds in which it got hardly anything.
  CHECK(eventually([&] {
    const auto cpu_before = cpu_time_of(program->pid());
    observe_for(500ms);
    starved += cpu_time_of(program->pid()) - cpu_before < 125ms ? 1 : 0;
    return starved == 4;
  }));
  CHECK_FALSE(program->printed_so_far("stall:"));
}

TEST_CASE("an idle process is not woken by being watched") {
  Probe program{1};
  program.all_ready();
  const auto cpu_before = cpu_time_of(program.pid());
  const auto wake_ups_before = wake_ups_of(program.pid());
  observe_for(1s);
  CHECK(wake_ups_of(program.pid()) - wake_ups_before <= 2);
  CHECK(cpu_time_of(program.pid()) - cpu_before < 10ms);
}

}  // namespace
