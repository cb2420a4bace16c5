// The pid file of real programs: who holds it, who is kept out by it, and what is left of it.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "support/probe.hpp"
#include "support/process_info.hpp"
#include "support/root.hpp"
#include "support/temporary_directory.hpp"

using namespace thane::testing;
namespace fs = std::filesystem;

namespace {

struct PidFile : TemporaryDirectory {
  const std::string pid_path = file("probe.pid");

  std::vector<std::string> with(std::vector<std::string> arguments = {}) const {
    arguments.insert(arguments.end(), {"--pid-file", pid_path});
    return arguments;
  }

  std::string text() const {
    std::ifstream stream{pid_path};
    return {std::istreambuf_iterator<char>{stream}, {}};
  }
  bool names(const Probe& probe) const { return text() == std::to_string(probe.pid()) + "\n"; }
  bool is_open_in(pid_t pid) const {
    for (const auto& [fd, name] : open_fds(pid)) {
      if (name == pid_path) return true;
    }
    return false;
  }
};

TEST_CASE_FIXTURE(PidFile, "it names the parent as long as that runs, and is gone with it") {
  for (const int workers : one_and_two) {
    for (const int number : {SIGTERM, SIGINT}) {
      CAPTURE(workers);
      CAPTURE(number);
      Probe probe{workers, with()};
      const auto pids = probe.all_ready();
      CHECK(names(probe));
      probe.signal(SIGHUP);
      probe.expect_line("reload finished generation=2");
      CHECK(names(probe));
      CHECK(is_open_in(probe.pid()));
      probe.signal(number);
      CHECK(probe.wait_exit() == Exit{.code = number == SIGTERM ? 0 : 1});
      CHECK_FALSE(fs::exists(pid_path));
    }
  }
}

TEST_CASE_FIXTURE(PidFile, "a program that ends otherwise removes it as well") {
  SUBCASE("a service that cannot start") {
    for (const int workers : one_and_two) {
      Probe probe{workers, with({"--probe-start", "throw"})};
      CHECK(probe.wait_exit() == Exit{.code = 3});
      CHECK_FALSE(fs::exists(pid_path));
    }
  }
  SUBCASE("a launch that fails after the file was taken") {
    Probe probe{2, with({"--user", "no such user"})};
    CHECK(probe.wait_exit() == Exit{.code = 3});
    CHECK_FALSE(fs::exists(pid_path));
  }
  SUBCASE("a stop that is over its limit") {
    Probe probe{1, with({"--probe-stop", "spin", "--graceful-shutdown-timeout", "1"})};
    probe.all_ready();
    probe.signal(SIGTERM);
    CHECK(probe.wait_exit() == Exit{.code = 1});
    CHECK_FALSE(fs::exists(pid_path));
  }
}

TEST_CASE_FIXTURE(PidFile, "a second program is refused, told by whom, and changes nothing") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Probe first{workers, with()};
    first.all_ready();
    for (const int others : one_and_two) {
      Probe second{others, with()};
      CHECK(second.wait_exit() == Exit{.code = 3});
      second.expect_line("cannot start: pid_file = " + pid_path + ": process " +
                         std::to_string(first.pid()) +
                         " runs and holds it; stop that first, or name another file");
      CHECK_FALSE(second.printed("probe start"));
    }
    CHECK(names(first));
  }
}

TEST_CASE_FIXTURE(PidFile, "what was left behind stops no start, whoever has that pid now") {
  for (const int workers : one_and_two) {
    for (const std::string& left :
         {std::to_string(::getpid()) + "\n", std::string{"1\n"}, std::string{"999999999\n"}}) {
      CAPTURE(workers);
      CAPTURE(left);
      write("probe.pid", left);
      Probe probe{workers, with()};
      probe.all_ready();
      CHECK(names(probe));
    }
  }
}

TEST_CASE_FIXTURE(PidFile,
                  "workers do not hold it: one that outlives its parent is in nobody's way") {
  Probe killed{2, with({"--probe-work", "60"})};
  const auto pids = killed.all_ready();
  for (const pid_t worker : pids) CHECK_FALSE(is_open_in(worker));
  killed.signal(SIGKILL);
  CHECK(killed.wait_exit() == Exit{.signal = SIGKILL});
  CHECK(fs::exists(pid_path));

  Probe next{2, with()};
  next.all_ready();
  CHECK(names(next));
  CHECK(alive(pids[0]));
}

TEST_CASE_FIXTURE(PidFile, "what a service has forked does not hold it either") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Probe killed{workers, with({"--probe-child", "worker_fork"})};
    killed.all_ready();
    const pid_t idler = killed.expect_pid("probe child pid=");
    killed.signal(SIGKILL);
    CHECK(killed.wait_exit() == Exit{.signal = SIGKILL});
    Probe next{workers, with()};
    next.all_ready();
    CHECK(alive(idler));
  }
}

TEST_CASE_FIXTURE(PidFile, "one that the user may not remove is emptied, and stops no start") {
  if (!is_root("become another user")) return;
  REQUIRE(::chmod(path().c_str(), 0755) == 0);
  for (int i = 0; i < 2; ++i) {
    Probe probe{2, with({"--user", "nobody"})};
    probe.all_ready();
    CHECK(names(probe));
    probe.signal(SIGTERM);
    CHECK(probe.wait_exit() == Exit{.code = 0});
    CHECK(fs::exists(pid_path));
    CHECK(text().empty());
  }
}

}  // namespace
