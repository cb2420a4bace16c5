// When a fiber has kept the others waiting for too long: by numbers alone.
#include <doctest/doctest.h>

#include <chrono>

#include "diagnostics/stall_meter.hpp"

using namespace std::chrono_literals;
using thane::internal::Nanoseconds;
using thane::internal::ReportLimit;
using thane::internal::StallMeter;
using thane::internal::ThreadUsage;
using thane::internal::waited;
using StallEvent = StallMeter::Event;

namespace {

struct Meter {
  Meter() { meter.set_limit(100ms); }

  /// The thread computes for so long, and is looked at.
  StallMeter::Verdict after(Nanoseconds computing, bool in_fiber = true) {
    cpu += computing;
    now += computing;
    return meter.look({.switches = switches, .in_fiber = in_fiber, .cpu = cpu, .now = now});
  }

  StallMeter meter;
  std::uint64_t switches = 1;
  Nanoseconds cpu{};
  Nanoseconds now = 1h;
};

TEST_CASE_FIXTURE(Meter, "a fiber that runs on is told once, when it has reached the limit") {
  CHECK(after(10ms).event == StallEvent::none);  // Who knows when it began.
  CHECK(after(99ms).event == StallEvent::none);
  const auto verdict = after(1ms);
  CHECK(verdict.event == StallEvent::begun);
  CHECK(verdict.ran == 100ms);
  CHECK(after(10s).event == StallEvent::none);
}

TEST_CASE_FIXTURE(Meter, "when it has given way it is told how long it took in all") {
  after(0ms);
  CHECK(after(110ms).event == StallEvent::begun);
  CHECK(meter.reported());
  ++switches;
  const auto verdict = after(40ms);
  CHECK(verdict.event == StallEvent::over);
  CHECK(verdict.ran == 150ms);
  CHECK_FALSE(meter.reported());
  CHECK(after(50ms).event == StallEvent::none);
}

TEST_CASE_FIXTURE(Meter, "fibers that give way are none, however long all of them compute") {
  for (int i = 0; i < 100; ++i) {
    ++switches;
    CHECK(after(90ms).event == StallEvent::none);
  }
}

TEST_CASE_FIXTURE(Meter, "what the loop computes itself is none") {
  for (int i = 0; i < 100; ++i) {
    CHECK(after(10ms, false).event == StallEvent::none);
  }
  CHECK(after(10ms).event == StallEvent::none);
  CHECK(after(99ms).event == StallEvent::none);
}

TEST_CASE_FIXTURE(Meter, "time in which the thread does not compute is none") {
  after(0ms);
  after(90ms);
  now += 24h;
  CHECK(after(9ms).event == StallEvent::none);
}

TEST_CASE_FIXTURE(Meter, "no more than one a second is told, and then how many were not") {
  after(0ms);
  CHECK(after(100ms).event == StallEvent::begun);
  for (int i = 0; i < 3; ++i) {
    ++switches;
    after(0ms);
    CHECK(after(120ms).event == StallEvent::none);
  }
  ++switches;
  after(0ms);
  now += 1s;
  const auto verdict = after(130ms);
  CHECK(verdict.event == StallEvent::begun);
  CHECK(verdict.missed == 3);
}

TEST_CASE_FIXTURE(Meter, "one that began too soon after another is told when a second has passed") {
  after(0ms);
  CHECK(after(100ms).event == StallEvent::begun);
  ++switches;
  after(0ms);
  CHECK(after(800ms).event == StallEvent::none);
  CHECK(after(300ms).event == StallEvent::begun);
}

TEST_CASE_FIXTURE(Meter, "where it is known when a fiber began, one look is enough") {
  after(0ms);
  ++switches;
  cpu += 130ms;
  const auto verdict =
      meter.look({.switches = switches, .in_fiber = true, .cpu = cpu, .now = now, .began = 20ms});
  CHECK(verdict.event == StallEvent::begun);
  CHECK(verdict.ran == 110ms);
  CHECK(meter.ran() == 110ms);
}

TEST_CASE_FIXTURE(Meter, "a fiber that stalls right after another is told of when that is over") {
  after(0ms);
  CHECK(after(100ms).event == StallEvent::begun);
  ++switches;
  now += 2s;
  CHECK(after(150ms).event == StallEvent::over);
  CHECK(after(100ms).event == StallEvent::begun);
}

TEST_CASE("a limit that was lifted is none") {
  Meter meter;
  meter.meter.set_limit(Nanoseconds::max());
  meter.after(0ms);
  CHECK(meter.after(1h).event == StallEvent::none);
}

TEST_CASE("a second is counted from the report before") {
  ReportLimit limit;
  CHECK(limit.allow(5s));
  CHECK_FALSE(limit.allow(5999ms));
  CHECK(limit.allow(6s));
  CHECK_FALSE(limit.allow(6s));
}

TEST_CASE("a thread has waited for what it neither computed nor had to queue for") {
  const ThreadUsage before{.cpu = 1s, .starved = 2s, .waits = 7};
  CHECK(waited(500ms, before, {.cpu = 1s, .starved = 2s, .waits = 8}) == 500ms);
  CHECK(waited(500ms, before, {.cpu = 1100ms, .starved = 2300ms, .waits = 8}) == 100ms);
  CHECK(waited(500ms, before, {.cpu = 1600ms, .starved = 2s, .waits = 8}) == 0ms);
  CHECK(waited(500ms, before, {.cpu = 1s, .starved = 2s, .waits = 7}) == 0ms);
}

}  // namespace
