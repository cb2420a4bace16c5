#include "hang_watch.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using thane::Duration;
using thane::TimePoint;
using thane::internal::HangWatch;
using Verdict = thane::internal::HangWatch::Verdict;

namespace {

constexpr TimePoint first_moment{1h};

// A worker that is looked at whenever it is due; `on_cpu` is its share of the time.
struct Watched {
  double on_cpu = 0;
  bool runnable = false;
  Duration timeout = 30s;
  TimePoint now = first_moment;
  TimePoint tick = first_moment;
  HangWatch watch = {};

  Watched() { watch.begin(now, timeout); }

  // When it was found hung within `limit`; `never` if it was not.
  TimePoint hung_within(Duration limit, bool ticks) {
    const TimePoint end = now + limit;
    while (watch.next_look() <= end) {
      now = watch.next_look();
      if (ticks) tick = now - timeout / 3;
      const auto had = std::chrono::duration_cast<Duration>((now - first_moment) * on_cpu);
      if (watch.look({tick, had, runnable}, now, timeout) == Verdict::hung) {
        return now;
      }
    }
    now = end;
    return thane::never;
  }
};

TEST_CASE("a worker that ticks is never hung, and is looked at about once in the timeout") {
  Watched worker;
  CHECK(worker.hung_within(24h, true) == thane::never);
}

TEST_CASE("one that blocks is hung half a second after the timeout at the latest") {
  Watched worker;
  CHECK(worker.hung_within(1h, false) <= first_moment + 30s + 500ms);
}

TEST_CASE("one that spins is hung, also if it has to share its processor") {
  Watched worker;
  worker.on_cpu = 0.3;
  worker.runnable = true;
  CHECK(worker.hung_within(1h, false) <= first_moment + 30s + 500ms);
}

TEST_CASE("one that is ready to run and is not let is starved, for as long as it takes") {
  Watched worker;
  worker.on_cpu = 0.02;
  worker.runnable = true;
  CHECK(worker.hung_within(10min, false) == thane::never);
  worker.runnable = false;  // Now it blocks.
  CHECK(worker.hung_within(1min, false) != thane::never);
}

TEST_CASE("a pause of everything proves nothing: who ticks right after it is alive") {
  Watched worker;
  worker.now = first_moment + 1h;  // The look comes late; nobody has run.
  CHECK(worker.watch.look({.tick = first_moment}, worker.now, worker.timeout) == Verdict::alive);
  CHECK(worker.watch.next_look() <= worker.now + 200ms);
  worker.now = worker.watch.next_look();
  CHECK(worker.watch.look({.tick = worker.now - 100ms}, worker.now, worker.timeout) ==
        Verdict::alive);
  CHECK(worker.watch.next_look() > worker.now + 29s);
}

TEST_CASE("without a timeout nobody looks; one that is configured later counts from then on") {
  HangWatch watch;
  watch.begin(first_moment, 0s);
  CHECK(watch.next_look() == thane::never);
  CHECK(watch.look({.tick = first_moment}, first_moment + 1h, 0s) == Verdict::alive);
  CHECK(watch.next_look() == thane::never);
}

}  // namespace
