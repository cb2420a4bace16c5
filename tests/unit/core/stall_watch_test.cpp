// A StallWatch on a real loop: what it takes, and that it gives it back.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <string>

#include <thane/fiber_loop.hpp>
#include <thane/internal/stall_watch.hpp>

#include "diagnostics/thread_usage.hpp"
#include "support/captured_log.hpp"

using namespace std::chrono_literals;
using thane::FiberLoop;
using thane::internal::StallWatch;
using thane::internal::thread_cpu_time;
using thane::testing::CapturedLog;

namespace {

void compute(std::chrono::nanoseconds duration) {
  for (const auto begin = thread_cpu_time(); thread_cpu_time() - begin < duration;) {
  }
}

// A timer looks when the kernel lets it: on a busy machine that may take a while.
void compute_until_logged(const CapturedLog& log, const std::string& text) {
  for (int tries = 0; tries < 100 && log.count(text) == 0; ++tries) {
    compute(50ms);
  }
}

bool has_default_action(int number) {
  struct sigaction action {};
  REQUIRE(::sigaction(number, nullptr, &action) == 0);
  return action.sa_handler == SIG_DFL;
}

TEST_CASE("a fiber that computes past the limit is logged, and again when it has given way") {
  const CapturedLog log;
  FiberLoop loop;
  const StallWatch watch{20ms};
  loop.run([&] {
    thane::this_fiber::set_name("poll");
    compute_until_logged(log, " without giving way");
    thane::this_fiber::sleep_for(1ms);
    CHECK(log.count(" stall: fiber poll (id ") == 2);
    CHECK(log.count(" without giving way") == 1);
    CHECK(log.count(" gave way after ") == 1);
  });
}

TEST_CASE("fibers that give way in time, and a limit of zero, leave the log empty") {
  const CapturedLog log;
  FiberLoop loop;
  StallWatch watch{1s};
  loop.run([&] {
    for (int i = 0; i < 10; ++i) {
      compute(5ms);
      thane::this_fiber::yield();
    }
    watch.set_limit(0s);
    compute(50ms);
    thane::this_fiber::yield();
  });
  CHECK(log.count("stall:") == 0);
}

TEST_CASE("a limit can be set while fibers run") {
  const CapturedLog log;
  FiberLoop loop;
  StallWatch watch{0s};
  loop.run([&] {
    watch.set_limit(20ms);
    compute_until_logged(log, " without giving way");
  });
  CHECK(log.count(" without giving way") == 1);
}

TEST_CASE("its signals mean again what they meant before") {
  FiberLoop loop;
  {
    const StallWatch watch{1ms};
    CHECK_FALSE(has_default_action(SIGRTMAX - 1));
    CHECK_FALSE(has_default_action(SIGCONT));
    compute(20ms);
  }
  CHECK(has_default_action(SIGRTMAX - 1));
  CHECK(has_default_action(SIGCONT));
  compute(20ms);  // Whose timer is gone, or it would be the end.
}

TEST_CASE("the kernel tells what a thread has used") {
  const thane::internal::ThreadUsageReader reader;
  const auto before = reader.read();
  if (!before) {
    MESSAGE("not tested: no /proc/thread-self/schedstat");
    return;
  }
  compute(20ms);
  const auto after = reader.read();
  REQUIRE(after);
  CHECK(after->cpu - before->cpu >= 20ms);
  CHECK(after->starved >= before->starved);
  CHECK(after->waits >= before->waits);
}

}  // namespace
