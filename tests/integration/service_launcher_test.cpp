// The one process: the same verbs as a parent with workers, without one.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "support/probe.hpp"
#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"
#include "support/time_limit.hpp"

using namespace thane::testing;
using namespace std::chrono_literals;

namespace {

TEST_CASE("one worker is the process itself, and it has no children") {
  Probe process{1};

  CHECK(process.ready(0) == process.pid());
  CHECK(children_of(process.pid()).empty());
}

// E5: the original exits with 1; here as with workers.
TEST_CASE("a service that fails in start() ends the one process with status 3") {
  Probe process{1, {"--probe-start", "throw"}};

  process.expect_line("service probe failed in start: probe was told to fail");
  CHECK(process.wait_exit() == Exit{.code = 3});
  CHECK_FALSE(process.printed("parent ready"));
}

// E8
TEST_CASE("SIGHUP stops, resets and starts the services, once each, in the same process") {
  Probe process{1};
  process.all_ready();

  process.signal(SIGHUP);

  process.expect_line("reload finished generation=");
  std::vector<std::string> verbs;
  for (const auto& message : process.messages_so_far()) {
    for (const std::string verb : {"probe stop ", "probe reset ", "probe start "}) {
      if (message.starts_with(verb)) {
        verbs.push_back(verb);
      }
    }
  }
  CHECK(verbs ==
        std::vector<std::string>{"probe start ", "probe stop ", "probe reset ", "probe start "});
  CHECK(process.count_so_far("probe start pid=" + std::to_string(process.pid())) == 2);
}

// E8
TEST_CASE("after SIGHUP the one process has the new configuration") {
  const TemporaryDirectory directory;
  const auto file = directory.write("probe.conf", "[probe]\nvalue = blue\n");
  Probe process{1, {"--config-file", file}};
  process.all_ready();
  directory.write("probe.conf", "[probe]\nvalue = green\n");

  process.signal(SIGHUP);

  process.expect_line("probe reset pid=" + std::to_string(process.pid()) +
                      " service=probe value=green");
  process.expect_line("reload finished generation=");
}

// E9
TEST_CASE("with method mutate SIGHUP resets the services and their timers go on") {
  const TemporaryDirectory directory;
  const auto file = directory.write("probe.conf", "[probe]\nvalue = blue\n");
  Probe process{1, {"--config-file", file, "--restart-method", "mutate", "--probe-tick", "20ms"}};
  process.all_ready();
  directory.write("probe.conf", "[probe]\nvalue = green\nfixed = new\n");

  process.signal(SIGHUP);

  const std::string end =
      "pid=" + std::to_string(process.pid()) + " service=probe value=green fixed=unset";
  process.expect_line("probe reset " + end);
  process.expect_line("probe tick " + end);
  CHECK(process.count_so_far("probe reset") == 1);
  CHECK(process.count_so_far("probe stop") == 0);
}

// E10
TEST_CASE("SIGINT and SIGQUIT end the one process at once with status 1") {
  for (const int number : {SIGINT, SIGQUIT}) {
    CAPTURE(number);
    Probe process{1, {"--probe-work", "60s"}};
    process.all_ready();

    const Stopwatch since_signal;
    process.signal(number);

    CHECK(process.wait_exit() == Exit{.code = 1});
    CHECK(since_signal.elapsed() < with_slack(200ms));
  }
}

// E11
TEST_CASE("work that runs at SIGTERM is done before the one process ends") {
  Probe process{1, {"--probe-work", "1s"}};
  process.all_ready();

  process.signal(SIGTERM);

  process.expect_line("stopping");
  process.expect_line("probe work done");
  process.expect_line("stopped");
  CHECK(process.wait_exit() == Exit{.code = 0});
}

// E12: the original is killed by its own SIGALRM.
TEST_CASE("what is not done at the deadline ends the one process with status 1 and a line") {
  Probe process{1, {"--probe-work", "60s", "--graceful-shutdown-timeout", "1"}};
  process.all_ready();

  const Stopwatch since_term;
  process.signal(SIGTERM);

  process.expect_line("worker 0 killed: graceful_shutdown_timeout");
  CHECK(process.wait_exit() == Exit{.code = 1});
  CHECK(since_term.elapsed() >= 1s);
  CHECK(since_term.elapsed() < with_slack(1200ms));
}

// E15
TEST_CASE("a second SIGTERM changes nothing in the one process") {
  Probe process{1, {"--probe-work", "1s"}};
  process.all_ready();
  process.signal(SIGTERM);
  process.expect_line("stopping");

  process.signal(SIGTERM);

  CHECK(process.wait_exit() == Exit{.code = 0});
  CHECK(process.printed("probe work done"));
}

// E16: nobody else is there to kill it.
TEST_CASE("the one process ends at the deadline even if a fiber never gives way") {
  for (const std::string how : {"spin", "block"}) {
    CAPTURE(how);
    Probe process{1, {"--probe-on-usr2", how, "--graceful-shutdown-timeout", "1"}};
    process.all_ready();
    process.signal(SIGUSR2);
    process.expect_line("probe " + how + "s");

    const Stopwatch since_term;
    process.signal(SIGTERM);

    CHECK(process.wait_exit() == Exit{.code = 1});
    CHECK(since_term.elapsed() >= 1s);
    CHECK(since_term.elapsed() < with_slack(1200ms));
  }
}

// E18
TEST_CASE("an exception from stop() or wait() of the one process's service is logged, status 1") {
  for (const std::string verb : {"stop", "wait"}) {
    CAPTURE(verb);
    Probe process{1, {"--probe-" + verb, "throw"}};
    process.all_ready();

    process.signal(SIGTERM);

    CHECK(process.wait_exit() == Exit{.code = 1});
    CHECK(process.printed("service probe failed in "));
  }
}

// E19
TEST_CASE("an exception from reset() in the one process fails the reload, and it goes on") {
  for (const std::string method : {"reload", "mutate"}) {
    CAPTURE(method);
    const TemporaryDirectory directory;
    const auto file = directory.write("probe.conf", "[probe]\nvalue = blue\n");
    Probe process{1, {"--config-file", file, "--restart-method", method, "--probe-tick", "20ms"}};
    process.all_ready();
    directory.write("probe.conf", "[probe]\nvalue = green\nreset = throw\n");

    process.signal(SIGHUP);

    process.expect_line("service probe failed in reset: probe was told to fail");
    process.expect_line("reload failed generation=");
    const std::string old_tick =
        "probe tick pid=" + std::to_string(process.pid()) + " service=probe value=blue";
    const auto ticks = process.count_so_far(old_tick);
    CHECK(eventually([&] { return process.count_so_far(old_tick) > ticks; }));
    REQUIRE(process.running());
    process.signal(SIGTERM);
    CHECK(process.wait_exit() == Exit{.code = 0});
  }
}

// E24: the original noticed it up to a minute later.
TEST_CASE("a process with nothing to do at all hears SIGTERM at once") {
  Probe process{1};
  process.all_ready();
  const auto before = wake_ups_of(process.pid());
  observe_for(200ms);
  CHECK(wake_ups_of(process.pid()) - before <= 1);  // Nothing to do indeed.

  const Stopwatch since_term;
  process.signal(SIGTERM);

  CHECK(process.wait_exit() == Exit{.code = 0});
  CHECK(since_term.elapsed() < with_slack(50ms));
}

// E33
TEST_CASE("SIGHUP with a broken configuration file changes nothing in the one process") {
  const TemporaryDirectory directory;
  const auto file = directory.write("probe.conf", "[probe]\nvalue = blue\n");
  Probe process{1, {"--config-file", file}};
  process.all_ready();
  directory.write("probe.conf", "[probe]\nvalue = blue\n[broken\n");

  process.signal(SIGHUP);

  const std::string rest = process.expect_line("reload failed generation=");
  CHECK(rest.find(file + ":3:") != std::string::npos);
  CHECK_FALSE(process.printed_so_far("probe stop"));
  CHECK(process.running());
}

// E19: by whatever configuration.
TEST_CASE("a reset() that always fails does not end the one process") {
  for (const std::string method : {"reload", "mutate"}) {
    CAPTURE(method);
    Probe process{1, {"--probe-reset", "throw", "--restart-method", method}};
    process.all_ready();

    process.signal(SIGHUP);

    process.expect_line("service probe failed in reset: probe was told to fail");
    process.expect_line("reload failed generation=");
    process.signal(SIGTERM);
    CHECK(process.wait_exit() == Exit{.code = 0});
  }
}

}  // namespace
