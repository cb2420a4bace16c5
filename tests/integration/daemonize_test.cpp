// Programs that go on in the background, and the command that has started them.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "support/daemon.hpp"
#include "support/errand.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/probe.hpp"
#include "support/process_info.hpp"
#include "support/root.hpp"
#include "support/time_limit.hpp"

using namespace thane::testing;
namespace fs = std::filesystem;

namespace {

constexpr const char* probe = PROGRAMS_DIR "/probe";

std::vector<std::string> workers_of(int workers, std::vector<std::string> arguments = {}) {
  arguments.insert(arguments.begin(), {"--workers", std::to_string(workers)});
  return arguments;
}

bool has_line(const std::vector<std::string>& lines, const std::string& text) {
  return std::ranges::any_of(
      lines, [&](const auto& line) { return line.find(text) != std::string::npos; });
}

TEST_CASE("the command ends with 0 when all workers are ready, and not before") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Daemon daemon;
    const auto command =
        daemon.start(probe, workers_of(workers, {"--probe-start", "slow", "--probe-slow", "0.2"}));
    CHECK(command.exit == Exit{.code = 0});
    CHECK(command.printed.empty());
    CHECK(daemon.log().find("parent ready") != std::string::npos);
    CHECK(alive(daemon.pid()));
    CHECK(daemon.ends_by(SIGTERM));
    CHECK(daemon.logs("stopped status=0"));
    CHECK_FALSE(fs::exists(daemon.pid_file()));
  }
}

TEST_CASE("a daemon has a session without terminal, a group of its own and no standard streams") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Daemon daemon;
    ChildProcess command{
        probe, daemon.with(workers_of(workers)), {.terminal = Terminal::controlling}};
    const pid_t caller = command.pid();
    CHECK(command.wait_exit() == Exit{.code = 0});
    const pid_t pid = daemon.pid();
    REQUIRE(pid > 1);
    CHECK(::getsid(pid) != ::getsid(0));
    CHECK(::getsid(pid) != caller);
    CHECK(::getsid(pid) != pid);
    CHECK(::getpgid(pid) == pid);
    const auto fds = open_fds(pid);
    for (const int stream : {0, 1, 2}) CHECK(fds.at(stream) == "/dev/null");
    command.hang_up();
    CHECK(::kill(-pid, SIGHUP) == 0);  // The group is that of its number.
    CHECK(daemon.logs("reload finished generation=2"));
    CHECK(daemon.ends_by(SIGTERM));
  }
}

TEST_CASE("a start that fails is the command's status and the log's last lines") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Daemon daemon;
    daemon.files().write("daemon.log", "old line\n");
    const auto command = daemon.start(probe, workers_of(workers, {"--probe-start", "throw"}));
    CHECK(command.exit == Exit{.code = 3});
    REQUIRE(!command.printed.empty());
    CHECK(command.printed[0] ==
          "probe: the daemon ended with status 3 before it was ready; log_file " +
              daemon.log_file() + " says:");
    CHECK(has_line(command.printed, "service probe failed in start: probe was told to fail"));
    CHECK_FALSE(has_line(command.printed, "old line"));
    CHECK_FALSE(fs::exists(daemon.pid_file()));
  }
}

TEST_CASE("what is refused after the fork is told by the command as well") {
  Daemon daemon;
  CHECK(daemon.start(probe, workers_of(2)).exit == Exit{.code = 0});
  const pid_t first = daemon.pid();
  const auto second = daemon.start(probe, workers_of(1));
  CHECK(second.exit == Exit{.code = 3});
  CHECK(has_line(second.printed, "cannot start: pid_file = " + daemon.pid_file() + ": process " +
                                     std::to_string(first) + " runs and holds it"));
  CHECK(daemon.pid() == first);
  CHECK(alive(first));
}

TEST_CASE("a daemon that is killed before it was ready is a status of its own") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Daemon daemon;
    ChildProcess command{probe, daemon.with(workers_of(workers, {"--probe-start", "hang"}))};
    REQUIRE(daemon.logs("probe hangs in start"));
    CHECK(command.running());
    ::kill(daemon.pid(), SIGKILL);
    CHECK(command.wait_exit() == Exit{.code = 128 + SIGKILL});
    command.expect_line("probe: the daemon died of signal 9 before it was ready;");
  }
}

TEST_CASE("signals that end the command before it is ready end the daemon") {
  for (const int workers : one_and_two) {
    for (const int number : {SIGTERM, SIGINT}) {
      CAPTURE(workers);
      CAPTURE(number);
      Daemon daemon;
      ChildProcess command{probe, daemon.with(workers_of(workers, {"--probe-start", "hang"}))};
      REQUIRE(daemon.logs("probe hangs in start"));
      const pid_t pid = daemon.pid();
      command.signal(number);
      CHECK(command.wait_exit() == Exit{.code = 1});
      CHECK(eventually_gone(pid));
      CHECK(daemon.logs("stopped status="));
    }
  }
}

TEST_CASE("without a log file, or with a second thread, nothing goes to the background") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Probe silent{workers, {"--daemonize"}};
    CHECK(silent.wait_exit() == Exit{.code = 3});
    silent.expect_line("cannot start: daemonize = true: log_file has to be set as well");

    Daemon daemon;
    const auto command = daemon.start(errand, workers_of(workers, {"--errand-thread"}));
    CHECK(command.exit == Exit{.code = 3});
    CHECK(daemon.logs("cannot start: daemonize = true: a second thread exists"));
    CHECK(daemon.pid() == 0);
  }
}

TEST_CASE("listeners go along, and the daemon removes the file of a Unix socket at its end") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Daemon daemon;
    const auto port = free_port();
    const std::string path = daemon.files().file("web.sock");
    CHECK(
        daemon.start(EXAMPLES_DIR "/web", workers_of(workers, {"--web-port", std::to_string(port)}))
            .exit == Exit{.code = 0});
    CHECK(HttpClient{port}.get("/").status == 200);
    CHECK(daemon.ends_by(SIGTERM));

    CHECK(
        daemon.start(EXAMPLES_DIR "/web", workers_of(workers, {"--web-unix-socket", path})).exit ==
        Exit{.code = 0});
    CHECK(HttpClient{path}.get("/").status == 200);
    CHECK(daemon.ends_by(SIGTERM));
    CHECK(eventually([&] { return !fs::exists(path); }));
  }
}

TEST_CASE("a daemon gives up privileges, and files with relative names are where it was started") {
  if (!is_root("become another user")) return;
  Daemon daemon;
  REQUIRE(::chmod(daemon.files().path().c_str(), 0755) == 0);
  ChildProcess command{probe,
                       {"--workers", "2", "--daemonize", "--user", "nobody", "--pid-file",
                        "daemon.pid", "--log-file", "daemon.log"},
                       {.directory = daemon.files().path()}};
  CHECK(command.wait_exit() == Exit{.code = 0});
  CHECK(status_field(daemon.pid(), "CapEff") == "0000000000000000");
  CHECK(daemon.ends_by(SIGTERM));
}

}  // namespace
