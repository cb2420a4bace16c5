// What a launcher costs while nothing happens.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <cstdint>
#include <vector>

#include "support/probe.hpp"
#include "support/process_info.hpp"

using namespace thane::testing;
using namespace std::chrono_literals;

namespace {

std::uint64_t wake_ups_within_a_second(pid_t pid) {
  const auto before = wake_ups_of(pid);
  observe_for(1s);
  return wake_ups_of(pid) - before;
}

// E28: the original's parent wakes up 98 times a second.
TEST_CASE("an idle parent does not wake up, an idle worker at most once a second") {
  Probe parent{4};
  const auto workers = parent.all_ready();

  CHECK(eventually([&] { return wake_ups_within_a_second(parent.pid()) == 0; }));
  for (const pid_t worker : workers) {
    CHECK(eventually([&] { return wake_ups_within_a_second(worker) <= 1; }));
  }
}

TEST_CASE("an idle process that runs its services itself does not wake up") {
  Probe process{1};
  process.all_ready();

  CHECK(eventually([&] { return wake_ups_within_a_second(process.pid()) == 0; }));
}

}  // namespace
