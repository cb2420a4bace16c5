// A fiber that runs out of stack is named before the process dies of it.
#include <doctest/doctest.h>
#include <signal.h>

#include "support/child_process.hpp"

using thane::testing::ChildProcess;
using thane::testing::Exit;

namespace {

// Under a sanitizer the previous handler is the sanitizer's: it reports and exits with a status.
void check_died_of_fault(const Exit& exit) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  CHECK(exit != Exit{});
#else
  CHECK(exit == Exit{.signal = SIGSEGV});
#endif
}

TEST_CASE("a stack overflow names the fiber, then the process dies of SIGSEGV") {
  ChildProcess program{PROGRAMS_DIR "/fiber_overflow", {}};
  CHECK(program.expect_line("fiber stack overflow: fiber digger (id ") == "2)");
  check_died_of_fault(program.wait_exit());
}

TEST_CASE("another fault is not called an overflow and ends the process all the same") {
  ChildProcess program{PROGRAMS_DIR "/fiber_overflow", {"fault"}};
  check_died_of_fault(program.wait_exit());
  CHECK_FALSE(program.printed("fiber stack overflow"));
}

}  // namespace
