// SIGHUP: new workers with the new configuration, or the same ones with the values that may change;
// and whatever fails on the way leaves everything as it was.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/probe.hpp"
#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"

using namespace thane::testing;

namespace {

std::string of(pid_t pid) {
  return "pid=" + std::to_string(pid);
}

/// A configuration file, and a parent with two workers that reads it.
struct Configured {
  explicit Configured(std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), {"--config-file", write("value = blue\n")});
    parent = std::make_unique<Probe>(2, arguments);
    workers = parent->all_ready();
  }

  std::string write(std::string_view lines) {
    return directory.write("probe.conf", "[probe]\n" + std::string{lines});
  }

  TemporaryDirectory directory;
  std::unique_ptr<Probe> parent;
  std::vector<pid_t> workers;
};

// E7
TEST_CASE("SIGHUP replaces all workers by new ones that have the new configuration") {
  Configured probe;
  probe.parent->expect_line("probe start " + of(probe.workers[0]) + " service=probe value=blue");
  probe.write("value = green\n");

  probe.parent->signal(SIGHUP);

  probe.parent->expect_line("reload started generation=");
  const auto successors = std::vector<pid_t>{probe.parent->ready(0), probe.parent->ready(1)};
  probe.parent->expect_line("reload finished generation=");
  for (const std::size_t i : {0U, 1U}) {
    CHECK(successors[i] != probe.workers[i]);
    CHECK(eventually_gone(probe.workers[i]));
    const std::string end = of(successors[i]) + " service=probe value=green";
    probe.parent->expect_line("probe reset " + end);
    probe.parent->expect_line("probe start " + end);
  }
  CHECK(probe.parent->running());
  CHECK_FALSE(probe.parent->printed_so_far("worker 0 held back"));  // Planned: no throttle.
}

// E7: the old one is told to end only when its successor is ready.
TEST_CASE("at no moment of a reload are fewer workers ready than before") {
  Configured probe;

  probe.parent->signal(SIGHUP);
  probe.parent->expect_line("reload finished generation=");
  probe.parent->expect_line("worker 0 exited: status 0 " + of(probe.workers[0]));
  probe.parent->expect_line("worker 1 exited: status 0 " + of(probe.workers[1]));

  int ready = 0;
  int fewest = 2;
  bool reloading = false;
  for (const auto& message : probe.parent->messages_so_far()) {
    if (message.starts_with("worker ")) {
      ready += message.find(" ready pid=") != std::string::npos ? 1 : 0;
      ready -= message.find(" exited: ") != std::string::npos ? 1 : 0;
    }
    reloading = reloading || message.starts_with("reload started");
    fewest = reloading ? std::min(fewest, ready) : fewest;
  }
  CHECK(reloading);
  CHECK(ready == 2);
  CHECK(fewest == 2);
}

// E6
TEST_CASE("SIGHUP to one worker restarts its services in place, in the same process") {
  Configured probe{{"--restart-method", "reload"}};

  ::kill(probe.workers[0], SIGHUP);

  const std::string end = " service=probe value=blue";
  probe.parent->expect_line("probe stop " + of(probe.workers[0]) + end);
  probe.parent->expect_line("probe reset " + of(probe.workers[0]) + end);
  CHECK(eventually(
      [&] { return probe.parent->count_so_far("probe started " + of(probe.workers[0])) == 2; }));
  CHECK(alive(probe.workers[0]));
  CHECK(probe.parent->count_so_far("probe reset " + of(probe.workers[1])) == 0);
  CHECK(children_of(probe.parent->pid()) == probe.workers);
}

// E6
TEST_CASE("SIGHUP to one worker with method mutate resets its services, no more") {
  Configured probe{{"--restart-method", "mutate"}};
  probe.write("value = green\n");

  ::kill(probe.workers[0], SIGHUP);

  probe.parent->expect_line("probe reset " + of(probe.workers[0]) + " service=probe value=green");
  CHECK_FALSE(probe.parent->printed_so_far("probe stop"));
  CHECK(probe.parent->count_so_far("probe reset") == 1);
  CHECK(children_of(probe.parent->pid()) == probe.workers);
}

// E9
TEST_CASE("with method mutate SIGHUP changes what may change in every worker, and only that") {
  Configured probe{{"--restart-method", "mutate", "--probe-tick", "20ms"}};
  probe.write("value = green\nfixed = new\n");

  probe.parent->signal(SIGHUP);

  for (const pid_t worker : probe.workers) {
    const std::string end = of(worker) + " service=probe value=green fixed=unset";
    probe.parent->expect_line("probe reset " + end);
    probe.parent->expect_line("probe tick " + end);  // Its timers go on.
    CHECK(probe.parent->count_so_far("probe reset " + of(worker)) == 1);
    CHECK(alive(worker));
  }
  probe.parent->expect_line("reload finished generation=");
  CHECK_FALSE(probe.parent->printed_so_far("probe stop"));
  CHECK(children_of(probe.parent->pid()) == probe.workers);
}

// E9
TEST_CASE("with method mutate one warning for all tells what cannot change") {
  Configured probe{{"--restart-method", "mutate"}};
  probe.write("value = green\nfixed = new\n");
  const std::string warning =
      "probe.fixed is \"unset\" until the next start: it cannot change to \"new\" at run time";

  probe.parent->signal(SIGHUP);

  probe.parent->expect_line(warning);
  ::kill(probe.workers[0], SIGKILL);  // Its successor has what the parent has.
  probe.parent->expect_line("probe start " + of(probe.parent->ready(0)) +
                            " service=probe value=green fixed=unset");
  probe.parent->signal(SIGTERM);
  CHECK(probe.parent->wait_exit() == Exit{.code = 0});
  CHECK_FALSE(probe.parent->printed(warning));
}

// E13
TEST_CASE("two SIGHUPs and a SIGTERM one after the other end in a graceful stop") {
  Configured probe{{"--probe-work", "300ms"}};

  probe.parent->signal(SIGHUP);
  probe.parent->expect_line("reload started generation=");
  probe.parent->signal(SIGHUP);
  probe.parent->signal(SIGTERM);

  CHECK(probe.parent->wait_exit() == Exit{.code = 0});
  CHECK(probe.parent->count_so_far("probe work done") ==
        probe.parent->count_so_far("probe work begun"));
  CHECK(members_of_group(probe.parent->pid()).empty());
}

// E13: a worker that drains already is not ended by what comes later.
TEST_CASE("a second reload does not cut short the workers that the first one drains") {
  Configured probe{{"--probe-work", "1s"}};
  probe.parent->signal(SIGHUP);
  probe.parent->expect_line("reload finished generation=");

  probe.parent->signal(SIGHUP);
  probe.parent->expect_line("reload finished generation=");

  for (const pid_t worker : probe.workers) {
    probe.parent->expect_line("probe work done " + of(worker));
  }
}

TEST_CASE("many SIGHUPs are few reloads") {
  Configured probe;
  for (int i = 0; i < 200; ++i) {
    probe.parent->signal(SIGHUP);
  }
  probe.parent->expect_line("reload finished generation=");
  probe.write("value = last\n");
  probe.parent->signal(SIGHUP);

  probe.parent->expect_line("reload finished generation=");
  CHECK(probe.parent->count_so_far("reload started") <= 4);
}

// E19: the original's parent died of it.
TEST_CASE("an exception from reset() fails the reload and keeps the old workers") {
  for (const std::string method : {"reload", "mutate"}) {
    CAPTURE(method);
    Configured probe{{"--restart-method", method, "--probe-reset", "throw"}};
    probe.write("value = green\n");

    probe.parent->signal(SIGHUP);

    probe.parent->expect_line("service probe failed in reset: probe was told to fail");
    if (method == "reload") {
      probe.parent->expect_line("reload failed generation=");
    } else {
      probe.parent->expect_line("service probe failed in reset: probe was told to fail");
    }
    CHECK(probe.parent->running());
    CHECK(alive(probe.workers[0]));
    CHECK(alive(probe.workers[1]));
    probe.parent->signal(SIGTERM);
    CHECK(probe.parent->wait_exit() == Exit{.code = 0});
  }
}

TEST_CASE("a reload whose new workers cannot start fails and keeps the old ones") {
  for (const std::string how : {"throw", "hang", "exit", "crash"}) {
    CAPTURE(how);
    Configured probe{{"--worker-boot-timeout", "1"}};
    probe.write("value = green\nstart = " + how + "\n");

    probe.parent->signal(SIGHUP);

    probe.parent->expect_line("reload failed generation=");
    CHECK(probe.parent->running());
    CHECK(eventually([&] { return children_of(probe.parent->pid()) == probe.workers; }));

    probe.write("value = green\n");
    probe.parent->signal(SIGHUP);
    probe.parent->expect_line("reload finished generation=");
  }
}

// Between the canary and the last worker: what was replaced is replaced back.
TEST_CASE("a reload that fails while rolling is taken back, and every place stays filled") {
  for (const std::string how : {"throw", "hang", "crash"}) {
    CAPTURE(how);
    Configured probe{{"--worker-boot-timeout", "1"}};
    probe.write("value = green\nstart = " + how +
                "\nspare_first = " + probe.directory.file("first") + "\n");

    probe.parent->signal(SIGHUP);

    const pid_t canary = probe.parent->ready(0);
    const std::string reason = probe.parent->expect_line("reload failed generation=2 reason=");
    CHECK(reason.starts_with("worker 1 "));
    CHECK(reason.ends_with("; rolling back"));
    const pid_t restored = probe.parent->ready(0);
    probe.parent->expect_line("probe start " + of(restored) + " service=probe value=blue");
    probe.parent->expect_line("rolled back to generation=1");
    std::vector<pid_t> left{probe.workers[1], restored};
    std::sort(left.begin(), left.end());
    CHECK(eventually([&] { return children_of(probe.parent->pid()) == left; }));
    CHECK(eventually_gone(canary));
    CHECK_FALSE(probe.parent->printed_so_far("worker 1 held back"));
    CHECK(probe.parent->count_so_far("probe stop " + of(probe.workers[1])) == 0);

    probe.write("value = red\n");
    probe.parent->signal(SIGHUP);
    probe.parent->expect_line("reload finished generation=3");
    CHECK(eventually_gone(probe.workers[1]));
    for (const int index : {0, 1}) {
      probe.parent->expect_line("probe start " + of(probe.parent->ready(index)) +
                                " service=probe value=red");
    }
  }
}

// E26: the original never says a word about such a worker, and never gets its place back.
TEST_CASE("a worker that does not finish draining in a reload is killed at the deadline") {
  Configured probe{{"--probe-stop", "hang", "--graceful-shutdown-timeout", "1"}};

  probe.parent->signal(SIGHUP);

  probe.parent->expect_line("worker 0 killed: graceful_shutdown_timeout " + of(probe.workers[0]));
  probe.parent->expect_line("worker 1 killed: graceful_shutdown_timeout " + of(probe.workers[1]));
  CHECK(eventually([&] { return children_of(probe.parent->pid()).size() == 2; }));
}

// E33
TEST_CASE("SIGHUP with a broken configuration file changes nothing, and says file and line") {
  for (const std::string method : {"reload", "mutate"}) {
    CAPTURE(method);
    Configured probe{{"--restart-method", method}};
    const std::string file = probe.write("value = green\nvalue_of_nothing = 1\n");

    probe.parent->signal(SIGHUP);

    const std::string rest = probe.parent->expect_line("reload failed generation=");
    CHECK(rest.find(file + ":3:") != std::string::npos);
    CHECK(children_of(probe.parent->pid()) == probe.workers);
    CHECK_FALSE(probe.parent->printed_so_far("probe reset"));

    probe.write("value = green\n");
    probe.parent->signal(SIGHUP);
    probe.parent->expect_line("reload finished generation=");
  }
}

// What workers are forked with between reloads is what the last good reload has read.
TEST_CASE("a worker respawned after a failed reload has the old configuration") {
  Configured probe;
  probe.write("value = green\nno equals sign\n");
  probe.parent->signal(SIGHUP);
  probe.parent->expect_line("reload failed generation=");

  ::kill(probe.workers[0], SIGKILL);

  const pid_t successor = probe.parent->ready(0);
  probe.parent->expect_line("probe start " + of(successor) + " service=probe value=blue");
}

}  // namespace
