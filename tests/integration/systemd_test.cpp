// What systemd sees of a program: the unit in examples/systemd/, and each datagram of a life.
#include <doctest/doctest.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/eventually.hpp"
#include "support/notify_socket.hpp"
#include "support/probe.hpp"
#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"

using namespace thane::testing;

namespace {

std::uint64_t microseconds_since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

std::uint64_t number_after(const std::string& text, const std::string& name) {
  const auto at = text.find(name);
  REQUIRE(at != std::string::npos);
  return std::stoull(text.substr(at + name.size()));
}

// Row 72
TEST_CASE("a reload tells when it began, in the same datagram, and READY=1 when it has ended") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    const TemporaryDirectory directory;
    NotifySocket manager{directory.file("notify")};
    Probe parent{workers, {}, {.environment = {manager.variable()}}};
    manager.expect("READY=1");

    const auto before = microseconds_since_boot();
    parent.signal(SIGHUP);

    const Notification reloading = manager.expect("RELOADING=1");
    const auto when = number_after(reloading.text, "MONOTONIC_USEC=");
    CHECK(when >= before);
    CHECK(when <= microseconds_since_boot());
    manager.expect("READY=1");
    CHECK(parent.printed_so_far("reload finished generation=2"));
  }
}

TEST_CASE("a reload that failed ends with READY=1 all the same: the service goes on") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    const TemporaryDirectory directory;
    NotifySocket manager{directory.file("notify")};
    const std::string file = directory.write("probe.conf", "[probe]\nvalue = blue\n");
    Probe parent{workers, {"--config-file", file}, {.environment = {manager.variable()}}};
    manager.expect("READY=1");
    directory.write("probe.conf", "[probe]\nno such option = 1\n");

    parent.signal(SIGHUP);

    manager.expect("RELOADING=1");
    manager.expect("READY=1");
    CHECK(parent.printed_so_far("reload failed generation=2"));
  }
}

TEST_CASE("STATUS tells how many workers of each service run") {
  const TemporaryDirectory directory;
  NotifySocket manager{directory.file("notify")};
  Probe parent{2, {"--probe-services", "2"}, {.environment = {manager.variable()}}};

  manager.expect("STATUS=generation 1, probe0 2/2, probe1 2/2");
  parent.signal(SIGHUP);
  manager.expect("STATUS=generation 2, probe0 2/2, probe1 2/2");
  parent.signal(SIGTERM);
  manager.expect("STATUS=generation 2, probe0 0/2, probe1 0/2, stopping: 1 workers left");
}

// Row 75
TEST_CASE("a drain asks for more time, again and again") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    const TemporaryDirectory directory;
    NotifySocket manager{directory.file("notify")};
    Probe parent{workers, {"--probe-work", "7s"}, {.environment = {manager.variable()}}};
    manager.expect("READY=1");
    parent.expect_line("probe work begun");

    parent.signal(SIGTERM);

    manager.expect("STOPPING=1");
    manager.expect("EXTEND_TIMEOUT_USEC=15000000");
    manager.expect("EXTEND_TIMEOUT_USEC=15000000");
    CHECK(parent.wait_exit() == Exit{.code = 0});
  }
}

// Row 74
TEST_CASE("the watchdog is fed from the loop: a parent that stands still feeds nobody") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    const TemporaryDirectory directory;
    NotifySocket manager{directory.file("notify")};
    Probe parent{workers, {}, {.environment = {manager.variable(), "WATCHDOG_USEC=200000"}}};
    manager.expect("WATCHDOG=1");
    manager.expect("WATCHDOG=1");

    parent.signal(SIGSTOP);
    REQUIRE(eventually([&] { return state_of(parent.pid()) == 'T'; }));
    while (manager.poll()) {
    }
    observe_for(std::chrono::seconds{1});
    CHECK_FALSE(manager.poll().has_value());

    parent.signal(SIGCONT);
    manager.expect("WATCHDOG=1");
  }
}

TEST_CASE("a watchdog that waits for another process is not fed") {
  const TemporaryDirectory directory;
  NotifySocket manager{directory.file("notify")};
  Probe parent{
      2, {}, {.environment = {manager.variable(), "WATCHDOG_USEC=20000", "WATCHDOG_PID=1"}}};
  manager.expect("READY=1");
  observe_for(std::chrono::milliseconds{200});
  while (const auto more = manager.poll()) {
    CHECK(more->text != "WATCHDOG=1");
  }
}

// systemd before version 253 does not know the type, and says so; nothing else may be amiss.
TEST_CASE("systemd has nothing to say against the example unit") {
  if (!std::filesystem::exists("/usr/bin/systemd-analyze")) {
    MESSAGE("not tested: there is no systemd-analyze");
    return;
  }
  const TemporaryDirectory directory;
  std::ifstream file{SOURCE_DIR "/examples/systemd/shop.service"};
  std::string unit{std::istreambuf_iterator<char>{file}, {}};
  const std::string installed = "/usr/local/bin/shop";
  unit.replace(unit.find(installed), installed.size(), EXAMPLES_DIR "/shop");
  ChildProcess verify{"/usr/bin/systemd-analyze",
                      {"verify", directory.write("shop.service", unit)}};
  CHECK(verify.wait_exit() == Exit{.code = 0});
  for (const std::string& line : verify.messages_so_far()) {
    CHECK(line.ends_with("Failed to parse service type, ignoring: notify-reload"));
  }
}

}  // namespace
