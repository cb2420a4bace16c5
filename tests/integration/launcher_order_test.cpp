// Services that start after each other, and services that have nothing to do with each other.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "support/eventually.hpp"
#include "support/family.hpp"
#include "support/process_info.hpp"
#include "support/time_limit.hpp"

using namespace thane::testing;
using namespace std::chrono_literals;

namespace {

/// The places of the lines that begin with one of `words`, in order: which of the words.
std::vector<std::string> order_of(Family& family, const std::vector<std::string>& words) {
  std::vector<std::string> order;
  for (const std::string& message : family.messages_so_far()) {
    for (const std::string& word : words) {
      if (message.starts_with(word)) order.push_back(word);
    }
  }
  return order;
}

/// b after a, c after b and a; launched in the order c, b, a.
const std::string chain =
    "services = c, b, a\n"
    "[a]\nstart_time = 20ms\nstop_time = 20ms\n"
    "[b]\nafter = a\nstart_time = 20ms\nstop_time = 20ms\n"
    "[c]\nafter = b, a\nstart_time = 20ms\nstop_time = 20ms\n";

TEST_CASE("services start when those before them are ready, and stop in the reverse order") {
  using Words = std::vector<std::string>;
  for (const std::string launcher : {"process", "service"}) {
    CAPTURE(launcher);
    Family family{"[DEFAULT]\nlauncher = " + launcher + "\n" + chain};
    family.expect_line("parent ready");
    const Words starts{"a start pid", "a started",   "b start pid",
                       "b started",   "c start pid", "c started"};
    CHECK(order_of(family, starts) == starts);

    family.signal(SIGTERM);

    CHECK(family.wait_exit() == Exit{.code = 0});
    const Words stops{"c stop pid", "c stopped",  "b stop pid",
                      "b stopped",  "a stop pid", "a stopped"};
    CHECK(order_of(family, stops) == stops);
  }
}

TEST_CASE("what starts after a service of several workers waits for all of them") {
  Family family{
      "[DEFAULT]\nservices = a, b\n[a]\nworkers = 3\nstart_time = 50ms\n[b]\nafter = a\n"};
  family.ready("b/0");
  CHECK(family.count_so_far("worker a/") == 6);  // Started and ready, thrice.
  CHECK(family.count_so_far("b start pid") == 1);
}

TEST_CASE("what starts after a service that cannot start is never started, and the launch fails") {
  Family family{"[DEFAULT]\nservices = a, b\n[a]\ntrouble = throw\nat = start\n[b]\nafter = a\n"};
  CHECK(family.wait_exit() == Exit{.code = 3});
  CHECK_FALSE(family.printed("b start"));
  CHECK(family.count_so_far("stopped status=3") == 1);
}

TEST_CASE("SIGTERM before the last service was started ends those that were") {
  Family family{"[DEFAULT]\nservices = a, b\n[a]\ntrouble = hang\nat = start\n[b]\nafter = a\n"};
  family.expect_line("a trouble hang");
  family.signal(SIGTERM);
  CHECK(family.wait_exit() == Exit{.code = 0});
  CHECK_FALSE(family.printed("b start"));
}

TEST_CASE("an order that is impossible is an error that says why, and nothing is forked") {
  struct Case {
    const char* configuration;
    const char* error;
  };
  for (const Case& one : {
           Case{"services = a, b, c\n[a]\nafter = c\n[b]\nafter = a\n[c]\nafter = b\n",
                "cannot start: services wait for each other in a circle: a after c after b after "
                "a"},
           Case{"services = a\n[a]\nafter = a\n",
                "cannot start: services wait for each other in a circle: a after a"},
           Case{"services = a, b\n[b]\nafter = db\n",
                "cannot start: service b starts after \"db\", but no service has that name; there "
                "are a, b"},
       }) {
    for (const std::string launcher : {"process", "service"}) {
      CAPTURE(launcher);
      Family family{"[DEFAULT]\nlauncher = " + launcher + "\n" + one.configuration};
      CHECK(family.wait_exit() == Exit{.code = 3});
      CHECK(family.printed(one.error));
      CHECK_FALSE(family.printed("worker "));
    }
  }
}

TEST_CASE("a worker that dies is replaced without those that start after its service") {
  Family family{"[DEFAULT]\nservices = a, b\n[b]\nafter = a\n"};
  const pid_t a = family.ready("a/0");
  const pid_t b = family.ready("b/0");
  ::kill(a, SIGKILL);
  CHECK(family.ready("a/0") != a);
  CHECK(alive(b));
  CHECK(family.count_so_far("b stop") == 0);
}

/// Two services, of which a is busy with something that takes long.
void check_b_is_free(Family& family, pid_t b) {
  const Stopwatch since_term;
  ::kill(b, SIGTERM);
  const pid_t second = family.ready("b/0");
  CHECK(second != b);
  CHECK(since_term.elapsed() < with_slack(100ms));

  const Stopwatch since_hup;
  ::kill(second, SIGHUP);  // In place.
  family.expect_line("worker b/0 reload finished");
  CHECK(since_hup.elapsed() < with_slack(200ms));
}

TEST_CASE("while a worker of one service drains, another is not kept waiting (catalogue 80)") {
  Family family{"[DEFAULT]\nservices = a, b\n[a]\nstop_time = 30s\n"};
  const pid_t a = family.ready("a/0");
  const pid_t b = family.ready("b/0");
  ::kill(a, SIGTERM);
  family.expect_line("a stop pid=" + std::to_string(a));

  check_b_is_free(family, b);

  const Stopwatch since_hup;
  family.signal(SIGHUP);
  family.expect_line("reload finished generation=2");
  CHECK(since_hup.elapsed() < with_slack(300ms));
  CHECK(alive(a));
}

TEST_CASE("while one service is in a crash loop, another is not kept waiting (catalogue 80)") {
  Family family{"[DEFAULT]\nservices = a, b\n[a]\nworkers = 2\ntrouble = exit\ndelay = 10ms\n"};
  const pid_t b = family.ready("b/0");
  family.expect_line("worker a/0 held back for");

  check_b_is_free(family, b);

  const Stopwatch since_term;
  family.signal(SIGTERM);
  const Exit exit = family.wait_exit();
  CHECK((exit == Exit{.code = 0} || exit == Exit{.code = 1}));  // One may die as it is told to end.
  CHECK(since_term.elapsed() < with_slack(200ms));
}

TEST_CASE("while one service takes long to start, another is replaced at once (catalogue 80)") {
  Family family{"[DEFAULT]\nservices = a, b\n[a]\nstart_time = 30s\n"};
  check_b_is_free(family, family.ready("b/0"));
  family.signal(SIGTERM);
  CHECK(family.wait_exit() == Exit{.code = 0});
}

}  // namespace
