#include "process_state.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

using namespace thane::internal;
using namespace std::chrono_literals;

namespace {

TEST_CASE("the kernel tells how long a process has been on a processor") {
  volatile unsigned turns = 0;
  const Pulse before = pulse_of(::getpid());
  Pulse after = before;
  while (after.on_cpu <= before.on_cpu) {
    for (int i = 0; i < 1'000'000; ++i) turns = turns + 1;
    after = pulse_of(::getpid());
  }
  CHECK(after.runnable);  // It reads this itself.
}

TEST_CASE("of a process that does not exist nothing is known") {
  CHECK(pulse_of(0).on_cpu == 0ns);
  CHECK_FALSE(pulse_of(0).runnable);
}

TEST_CASE("a counter of a control group is found by its whole name") {
  const auto events = "low 0\noom 3\noom_kill 17\nmax 2";
  CHECK(number_of(events, "oom_kill") == 17);
  CHECK(number_of(events, "oom") == 3);
  CHECK(number_of(events, "max") == 2);
  CHECK_FALSE(number_of(events, "oo"));
  CHECK_FALSE(number_of("", "oom"));
}

}  // namespace
