// A minute of crashes, of one worker and of many.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <cstddef>
#include <string>

#include "support/eventually.hpp"
#include "support/family.hpp"
#include "support/process_info.hpp"
#include "support/time_limit.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

TEST_CASE("a minute of crashing right after boot costs few forks and few lines (catalogue 19)") {
  for (const int workers : {1, 4}) {
    CAPTURE(workers);
    Family family{"[a]\ntrouble = exit\ndelay = 50ms\nworkers = " + std::to_string(workers) + "\n"};
    family.expect_line("parent ready");
    const auto cpu = cpu_time_of(family.pid());
    const Stopwatch since_begin;
    while (since_begin.elapsed() < 60s) {
      observe_for(1s);
      CHECK(children_of(family.pid()).size() <= static_cast<std::size_t>(workers));
    }

    // The first set, a free one, and one after each of 0.2, 0.4 ... 25.6 s.
    CHECK(family.count_so_far("a start pid=") <= static_cast<std::size_t>(workers) + 9);
    CHECK(cpu_time_of(family.pid()) - cpu < 500ms);
    std::size_t lines = 0;
    for (const std::string& message : family.messages_so_far()) {
      lines += message.starts_with("worker ") ? 1U : 0U;
    }
    CHECK(lines <= 20 + 6 * static_cast<std::size_t>(workers));

    const Stopwatch since_term;
    family.signal(SIGTERM);
    (void)family.wait_exit();
    CHECK(since_term.elapsed() < with_slack(200ms));
  }
}

TEST_CASE("when the cause is gone a service that crashed for a minute is back within the delay") {
  const TemporaryDirectory directory;
  const std::string file = directory.write("broken", "");
  Family family{"[a]\nworkers = 4\ntrouble = exit\ndelay = 50ms\nonly_if_file = " + file + "\n"};
  family.expect_line("parent ready");
  observe_for(60s);
  directory.remove("broken");
  const Stopwatch since_mended;
  while (children_of(family.pid()).size() < 4 && since_mended.elapsed() < 40s) observe_for(10ms);
  CHECK(children_of(family.pid()).size() == 4);
  observe_for(5s);
  CHECK(children_of(family.pid()).size() == 4);
}

}  // namespace
