// Which workers are replaced, who else starts again with them, and when enough is enough.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "support/eventually.hpp"
#include "support/family.hpp"
#include "support/process_info.hpp"

using namespace thane::testing;

namespace {

/// A service of two workers with this policy; one of them ends like this on SIGUSR2.
std::string ending(const std::string& policy, const std::string& how) {
  return "[a]\nworkers = 2\nat = usr2\nrestart = " + policy + "\n" + how;
}

TEST_CASE("the restart policy tells which workers are replaced when they end") {
  struct Case {
    const char* policy;
    const char* how;
    const char* end;
    bool replaced;
  };
  for (const Case& one : {
           Case{"permanent", "trouble = exit\nstatus = 0\n", "exited: status 0", true},
           Case{"permanent", "trouble = exit\nstatus = 1\n", "exited: status 1", true},
           Case{"permanent", "trouble = kill\n", "died: signal 9", true},
           Case{"transient", "trouble = exit\nstatus = 0\n", "exited: status 0", false},
           Case{"transient", "trouble = exit\nstatus = 1\n", "exited: status 1", true},
           Case{"transient", "trouble = kill\n", "died: signal 9", true},
           Case{"temporary", "trouble = exit\nstatus = 0\n", "exited: status 0", false},
           Case{"temporary", "trouble = exit\nstatus = 1\n", "exited: status 1", false},
           Case{"temporary", "trouble = kill\n", "died: signal 9", false},
       }) {
    CAPTURE(one.policy);
    CAPTURE(one.end);
    Family family{ending(one.policy, one.how)};
    const pid_t victim = family.ready("0");
    const pid_t sibling = family.ready("1");

    ::kill(victim, SIGUSR2);

    family.expect_line(std::string{"worker 0 "} + one.end);
    if (one.replaced) {
      CHECK(family.ready("0") != victim);
    } else {
      family.expect_line(std::string{"worker 0 is not replaced: "} + one.policy);
      CHECK(children_of(family.pid()) == std::vector<pid_t>{sibling});
    }
    CHECK(alive(sibling));
    family.signal(SIGTERM);
    CHECK(family.wait_exit() == Exit{.code = 0});
    CHECK(family.count_so_far("worker 1 started") == 1);
  }
}

TEST_CASE("a program of which every service has ended by policy ends, with status 0") {
  Family family{
      "[DEFAULT]\nservices = a, b\n"
      "[a]\nworkers = 2\nrestart = transient\ntrouble = exit\nstatus = 0\ndelay = 20ms\n"
      "[b]\nrestart = temporary\ntrouble = exit\nstatus = 1\ndelay = 20ms\n"};

  CHECK(family.wait_exit() == Exit{.code = 0});
  CHECK(family.printed("every service has ended"));
  CHECK(family.count_so_far("stopped status=") == 1);
  CHECK(family.count_so_far("hook on_stopped") == 1);
}

TEST_CASE("a service whose worker has ended by policy is not one that has failed to start") {
  Family family{"[a]\nrestart = transient\ntrouble = exit\nat = start\nstatus = 0\n"};

  family.expect_line("worker 0 is not replaced: transient");
  CHECK(family.wait_exit() == Exit{.code = 0});
}

/// Three services, each one worker; b dies on SIGUSR2, and c starts after a.
struct Three {
  explicit Three(const std::string& strategy)
      : family("[DEFAULT]\nservices = a, b, c\n[b]\ntrouble = kill\nat = usr2\nstrategy = " +
               strategy + "\n[c]\nafter = a\n") {
    for (const char* worker : {"a/0", "b/0", "c/0"}) {
      pids.push_back(family.ready(worker));
    }
    family.expect_line("parent ready");
  }

  Family family;
  std::vector<pid_t> pids;
};

TEST_CASE("with one_for_one nobody starts again but the one that died") {
  Three three{"one_for_one"};

  ::kill(three.pids[1], SIGUSR2);

  CHECK(three.family.ready("b/0") != three.pids[1]);
  CHECK(alive(three.pids[0]));
  CHECK(alive(three.pids[2]));
  CHECK(three.family.count_so_far("a stop") + three.family.count_so_far("c stop") == 0);
}

TEST_CASE("with one_for_all every service stops and starts again, in order") {
  Three three{"one_for_all"};
  Family& family = three.family;

  ::kill(three.pids[1], SIGUSR2);

  family.expect_line("services restart with b: one_for_all");
  for (const char* worker : {"a/0", "b/0", "c/0"}) {
    CHECK(std::ranges::count(three.pids, family.ready(worker)) == 0);
  }
  const auto messages = family.messages_so_far();
  const auto place = [&](const std::string& words, int which) {
    auto found = std::ranges::find_if(messages, [&](const std::string& message) {
      return message.starts_with(words) && which-- == 0;
    });
    REQUIRE(found != messages.end());
    return found;
  };
  CHECK(place("worker c/0 exited", 0) < place("a stop", 0));
  CHECK(place("worker a/0 ready", 1) < place("worker c/0 started", 1));
}

TEST_CASE("with rest_for_one those start again that were launched later or start after one") {
  Three three{"rest_for_one"};

  ::kill(three.pids[1], SIGUSR2);

  three.family.expect_line("services restart with b: rest_for_one");
  CHECK(three.family.ready("b/0") != three.pids[1]);
  CHECK(three.family.ready("c/0") != three.pids[2]);
  CHECK(alive(three.pids[0]));
  CHECK(three.family.count_so_far("a stop") == 0);
}

// What starts after a service needs it, wherever it stands in the program.
TEST_CASE("with rest_for_one those that start after the service start again, too") {
  Family family{
      "[DEFAULT]\nservices = a, b, c\n[a]\nafter = b\n"
      "[b]\ntrouble = kill\nat = usr2\nstrategy = rest_for_one\n"};
  const pid_t b = family.ready("b/0");
  const pid_t a = family.ready("a/0");
  const pid_t c = family.ready("c/0");

  ::kill(b, SIGUSR2);

  CHECK(family.ready("b/0") != b);
  CHECK(family.ready("a/0") != a);
  CHECK(family.ready("c/0") != c);
}

TEST_CASE("one restart too many escalates: everything stops, with status 3 and the reason") {
  Family family{
      "[DEFAULT]\nservices = a, b\n"
      "[a]\nmax_restarts = 2\nperiod = 60\ntrouble = exit\ndelay = 20ms\n"};

  family.expect_line("service a gave up: more than 2 restarts in 60s");
  CHECK(family.wait_exit() == Exit{.code = 3});
  CHECK(family.count_so_far("worker a/0 started") == 3);
  CHECK(family.printed("worker b/0 exited: status 0"));
  CHECK(family.count_so_far("stopped status=") == 1);
  CHECK(family.count_so_far("hook on_stopped") == 1);
}

TEST_CASE("a launcher that escalates with its only worker gone ends once") {
  Family family{"[a]\nmax_restarts = 1\nperiod = 60\ntrouble = exit\ndelay = 20ms\n"};

  CHECK(family.wait_exit() == Exit{.code = 3});
  CHECK(family.count_so_far("stopped status=3") == 1);
  CHECK(family.count_so_far("hook on_stopped") == 1);
}

TEST_CASE("restarts that are far enough apart never escalate") {
  Family family{"[a]\nmax_restarts = 1\nperiod = 1\ntrouble = kill\nat = usr2\n"};
  pid_t worker = family.ready("0");
  for (int death = 0; death < 3; ++death) {
    ::kill(worker, SIGUSR2);
    worker = family.ready("0");
    observe_for(std::chrono::milliseconds{1100});  // Longer than the period.
  }
  CHECK(family.running());
  CHECK(alive(worker));
}

/// Worker 0 of a dies once too often within a minute; b and worker 1 of a are well.
struct Degraded {
  explicit Degraded(const std::string& method)
      : text("[DEFAULT]\nservices = a, b\nrestart_method = " + method +
             "\n[a]\nworkers = 2\nmax_restarts = 2\nperiod = 60\ngive_up = degrade\n"),
        family(text + "trouble = exit\ndelay = 20ms\nonly_worker = 0\n") {
    family.expect_line("service a degraded: more than 2 restarts in 60s; worker a/0 is not");
  }

  std::string text;
  Family family;
};

TEST_CASE("one restart too many degrades: the place stays empty, everything else goes on") {
  for (const std::string method : {"reload", "mutate"}) {
    CAPTURE(method);
    Degraded degraded{method};
    Family& family = degraded.family;
    CHECK(family.running());
    CHECK(family.count_so_far("worker a/0 started") == 3);
    CHECK(children_of(family.pid()).size() == 2);

    family.configure(degraded.text);
    family.signal(SIGHUP);

    family.expect_line("reload finished generation=2");
    CHECK(eventually([&] { return family.count_so_far("worker a/0 started") == 4; }));
    CHECK(eventually([&] { return children_of(family.pid()).size() == 3; }));
    family.signal(SIGTERM);
    CHECK(family.wait_exit() == Exit{.code = 0});
  }
}

// It has nothing to lose, but the others have: it is the canary that decides.
TEST_CASE("a reload that does not help a degraded service ends, and it degrades again") {
  Degraded degraded{"reload"};
  Family& family = degraded.family;

  family.signal(SIGHUP);

  family.expect_line("reload finished generation=2");
  family.expect_line("service a degraded: more than 2 restarts in 60s; worker a/0 is not");
  CHECK(eventually([&] { return children_of(family.pid()).size() == 2; }));
  family.signal(SIGTERM);
  CHECK(family.wait_exit() == Exit{.code = 0});
}

}  // namespace
