// Limits on the time that a service may take, held by those that nobody else watches.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <string>

#include "support/probe.hpp"
#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"

using namespace thane::testing;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

TEST_CASE("INT and QUIT end the one process at once, even if it never gives way") {
  for (const int number : {SIGINT, SIGQUIT}) {
    CAPTURE(number);
    Probe process{1, {"--probe-start", "spin", "--graceful-shutdown-timeout", "600"}};
    process.expect_line("probe spins in start");
    const auto asked = Clock::now();

    process.signal(number);

    CHECK(process.wait_exit() == Exit{.code = 1});
    CHECK(Clock::now() - asked < 5s);  // And not 600.
    CHECK(process.printed("worker 0 killed: fast stop (it did not give way)"));
  }
}

TEST_CASE("INT cuts a graceful stop short, even if nothing gives way") {
  Probe process{1, {"--probe-stop", "spin", "--graceful-shutdown-timeout", "600"}};
  process.all_ready();
  process.signal(SIGTERM);
  process.expect_line("probe spins in stop");

  process.signal(SIGINT);

  CHECK(process.wait_exit() == Exit{.code = 1});
}

TEST_CASE("a shutdown timeout that changes at run time counts for what never gives way") {
  const TemporaryDirectory directory;
  for (const std::string method : {"mutate", "reload"}) {
    CAPTURE(method);
    const auto limit = [&](const char* seconds, const char* stop) {
      return directory.write("probe.conf", std::string{"[DEFAULT]\ngraceful_shutdown_timeout = "} +
                                               seconds + "\n[probe]\nstop = " + stop + "\n");
    };
    const auto file = limit("600", method == "mutate" ? "spin" : "ok");
    Probe process{1, {"--config-file", file, "--restart-method", method}};
    process.all_ready();
    limit("1", "spin");
    process.signal(SIGHUP);
    process.expect_line("reload finished generation=2");

    process.signal(SIGTERM);

    CHECK(process.wait_exit() == Exit{.code = 1});
    CHECK(process.printed("worker 0 killed: graceful_shutdown_timeout (it did not give way)"));
  }
}

TEST_CASE("a start that hangs after SIGHUP is given up, and the old configuration serves on") {
  const TemporaryDirectory directory;
  const auto file = directory.write("probe.conf", "[probe]\nvalue = blue\n");
  Probe process{1, {"--config-file", file, "--worker-boot-timeout", "1"}};
  process.all_ready();
  for (const char* verb : {"start", "reset"}) {
    CAPTURE(verb);
    directory.write("probe.conf", std::string{"[probe]\nvalue = green\n"} + verb + " = hang\n");
    process.signal(SIGHUP);
    process.expect_line(std::string{"worker 0 is not ready after worker_boot_timeout: "} + verb);
    process.expect_line("reload failed generation=");
    CHECK(process.running());
  }
  directory.write("probe.conf", "[probe]\nvalue = green\n");
  process.signal(SIGHUP);
  process.expect_line("reload finished generation=4");
  process.signal(SIGTERM);
  CHECK(process.wait_exit() == Exit{.code = 0});
}

TEST_CASE("a start that hangs at launch ends the one process with status 3") {
  Probe process{1, {"--probe-start", "hang", "--worker-boot-timeout", "1"}};
  CHECK(process.wait_exit() == Exit{.code = 3});
  CHECK(process.printed("worker 0 is not ready after worker_boot_timeout: start"));
}

TEST_CASE("TERM during a reset() does not start the services any more") {
  const TemporaryDirectory directory;
  const auto file = directory.write("probe.conf", "[probe]\n");
  Probe process{1, {"--config-file", file}};
  process.all_ready();
  directory.write("probe.conf", "[probe]\nreset = hang\nstart = hang\n");
  process.signal(SIGHUP);
  process.expect_line("probe hangs in reset");

  process.signal(SIGTERM);

  CHECK(process.wait_exit() == Exit{.code = 0});
  CHECK_FALSE(process.printed("probe hangs in start"));
}

TEST_CASE("a HUP to the process group restarts each worker once, and none of them in place") {
  for (const std::string method : {"reload", "mutate"}) {
    CAPTURE(method);
    Probe parent{3, {"--restart-method", method}};
    parent.all_ready();
    for (int generation = 2; generation < 7; ++generation) {
      parent.signal_group(SIGHUP);
      parent.expect_line("reload finished generation=" + std::to_string(generation));
      for (int worker = 0; worker < 3; ++worker) parent.expect_line("probe reset pid=");
    }
    observe_for(100ms);
    CHECK(parent.count_so_far("probe reset pid=") == 3 * 5);
    parent.signal(SIGTERM);
    CHECK(parent.wait_exit() == Exit{.code = 0});
  }
}

}  // namespace
