// A program that is started as root and does not stay it.
#include <doctest/doctest.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "support/http_client.hpp"
#include "support/probe.hpp"
#include "support/process_info.hpp"
#include "support/root.hpp"
#include "support/temporary_directory.hpp"

using namespace thane::testing;
namespace fs = std::filesystem;

namespace {

constexpr const char* only_root = "become another user";

const passwd& nobody() {
  const passwd* entry = ::getpwnam("nobody");
  REQUIRE(entry != nullptr);
  return *entry;
}

std::string four_times(std::uint64_t id) {
  const std::string text = std::to_string(id);
  return text + "\t" + text + "\t" + text + "\t" + text;
}

void check_is_nobody(pid_t pid) {
  CHECK(status_field(pid, "Uid") == four_times(nobody().pw_uid));
  CHECK(status_field(pid, "Gid") == four_times(nobody().pw_gid));
  CHECK(status_field(pid, "Groups") == std::to_string(nobody().pw_gid) + " ");
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
    CHECK_MESSAGE(status_field(pid, set) == "0000000000000000", set);
  }
}

/// A directory for files that nobody may come to.
struct OpenDirectory : TemporaryDirectory {
  explicit OpenDirectory(uid_t owner = 0) {
    REQUIRE(::chmod(path().c_str(), 0755) == 0);
    REQUIRE(::chown(path().c_str(), owner, static_cast<gid_t>(-1)) == 0);
  }
};

std::string text_of(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

bool has_line(const std::string& path, const std::string& text) {
  return eventually([&] { return text_of(path).find(text) != std::string::npos; });
}

uid_t owner_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_uid;
}

/// Arguments of setpriv(1) that run `line` as nobody.
std::vector<std::string> as_nobody(std::vector<std::string> line) {
  line.insert(line.begin(),
              {"--reuid", "nobody", "--regid", std::to_string(nobody().pw_gid), "--clear-groups"});
  return line;
}

bool nobody_reaches(const char* program) {
  ChildProcess test{"/usr/bin/setpriv", as_nobody({"/usr/bin/test", "-x", program})};
  const bool reaches = test.wait_exit() == Exit{.code = 0};
  if (!reaches) MESSAGE("not tested: nobody may not run ", program);
  return reaches;
}

TEST_CASE("parent and workers become the user, keep nothing, and end by the same signals") {
  if (!is_root(only_root)) return;
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Probe probe{workers, {"--user", "nobody"}};
    const auto pids = probe.all_ready();
    check_is_nobody(probe.pid());
    for (const pid_t pid : pids) {
      check_is_nobody(pid);
      const auto score = [](pid_t of) {
        return std::stoi(read_text("/proc/" + std::to_string(of) + "/oom_score_adj"));
      };
      CHECK((workers == 1 || score(pid) > score(probe.pid())));
    }
    probe.signal(SIGTERM);
    CHECK(probe.wait_exit() == Exit{.code = 0});
  }
}

TEST_CASE("a worker that takes the place of another is nobody else") {
  if (!is_root(only_root)) return;
  Probe probe{2, {"--user", std::to_string(nobody().pw_uid)}};
  const auto pids = probe.all_ready();
  ::kill(pids[0], SIGKILL);
  check_is_nobody(probe.ready(0));
}

TEST_CASE("a group alone changes the group, and a number needs no name") {
  if (!is_root(only_root)) return;
  Probe group{2, {"--group", "4321"}};
  for (const pid_t pid : group.all_ready()) {
    CHECK(status_field(pid, "Uid") == four_times(0));
    CHECK(status_field(pid, "Gid") == four_times(4321));
  }
  Probe numbers{1, {"--user", "4294967293", "--group", "4321"}};
  const pid_t pid = numbers.all_ready()[0];
  CHECK(status_field(pid, "Uid") == four_times(4294967293));
  CHECK(status_field(pid, "Groups") == "4321 ");
}

TEST_CASE("a port that takes privileges is bound before they are given up, and served after") {
  if (!is_root(only_root)) return;
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    std::uint16_t port = 600;
    while (port_answers(port)) ++port;
    ChildProcess web{EXAMPLES_DIR "/web",
                     {"--workers", std::to_string(workers), "--web-port", std::to_string(port),
                      "--user", "nobody"}};
    web.expect_line("parent ready");
    check_is_nobody(web.pid());
    CHECK(HttpClient{port}.get("/").status == 200);
  }
}

TEST_CASE("programs that a service runs find the home of the user") {
  if (!is_root(only_root)) return;
  ChildProcess errand{PROGRAMS_DIR "/errand",
                      {"--workers", "2", "--user", "nobody", "--errand-run",
                       "echo errand of $$USER, $$LOGNAME, at $$HOME"}};
  CHECK(errand.expect_line("errand of ") == std::string{"nobody, nobody, at "} + nobody().pw_dir);
}

TEST_CASE("the log file becomes the user's, so that it can be opened again") {
  if (!is_root(only_root)) return;
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    const OpenDirectory directory{nobody().pw_uid};
    const std::string log = directory.file("probe.log");
    Probe probe{workers, {"--user", "nobody", "--log-file", log}};
    REQUIRE(has_line(log, "parent ready"));
    CHECK(owner_of(log) == nobody().pw_uid);

    fs::rename(log, directory.file("probe.log.1"));
    probe.signal(SIGUSR1);
    REQUIRE(eventually([&] { return fs::exists(log); }));
    probe.signal(SIGHUP);
    CHECK(has_line(log, "reload finished generation=2"));
    CHECK(owner_of(log) == nobody().pw_uid);
    CHECK(text_of(log).find("not taken up") == std::string::npos);
    probe.signal(SIGTERM);
    CHECK(probe.wait_exit() == Exit{.code = 0});
  }
}

TEST_CASE("a log file behind a link is given to nobody, and it is said what that means") {
  if (!is_root(only_root)) return;
  const OpenDirectory directory;
  const std::string precious = directory.write("precious", "");
  const std::string log = directory.file("log");
  SUBCASE("symbolic") {
    fs::create_symlink(precious, log);
  }
  SUBCASE("hard") {
    fs::create_hard_link(precious, log);
  }
  Probe probe{2, {"--user", "nobody", "--log-file", log}};
  REQUIRE(has_line(log, "parent ready"));
  CHECK(owner_of(precious) == 0);
  CHECK(has_line(log, "user " + std::to_string(nobody().pw_uid) + " cannot open log_file " + log +
                          " again, so that SIGUSR1 and SIGHUP leave it as it is: Permission "
                          "denied"));
}

TEST_CASE("a configuration that the user cannot read is a warning at start, not at the first HUP") {
  if (!is_root(only_root)) return;
  const OpenDirectory directory;
  const std::string file = directory.write("app.conf", "[DEFAULT]\nuser = nobody\n");
  REQUIRE(::chmod(file.c_str(), 0600) == 0);
  Probe probe{2, {"--config-file", file}};
  CHECK(probe
            .expect_line("user " + std::to_string(nobody().pw_uid) +
                         " cannot read the configuration again, so that SIGHUP will fail: ")
            .find("Permission denied") != std::string::npos);
  probe.all_ready();
  probe.signal(SIGHUP);
  probe.expect_line("reload failed generation=2 reason=");
}

TEST_CASE("who is nobody already needs no privileges to be it, and has none to be another") {
  const char* program = PROGRAMS_DIR "/probe";
  if (!is_root(only_root) || !nobody_reaches(program)) return;
  for (const char* workers : {"1", "2"}) {
    CAPTURE(workers);
    ChildProcess same{"/usr/bin/setpriv",
                      as_nobody({program, "--workers", workers, "--user", "nobody", "--group",
                                 std::to_string(nobody().pw_gid)})};
    same.expect_line("parent ready");
    same.signal(SIGTERM);
    CHECK(same.wait_exit() == Exit{.code = 0});

    for (const std::string option : {"user", "group"}) {
      ChildProcess other{"/usr/bin/setpriv",
                         as_nobody({program, "--workers", workers, "--" + option, "root"})};
      CHECK(other.wait_exit() == Exit{.code = 3});
      other.expect_line("cannot start: " + option + " = root: a process of user " +
                        std::to_string(nobody().pw_uid));
      CHECK_FALSE(other.printed("probe start"));
    }
  }
}

TEST_CASE("a user whom nobody knows is an error before anything is started") {
  for (const int workers : one_and_two) {
    Probe probe{workers, {"--user", "no such user"}};
    CHECK(probe.wait_exit() == Exit{.code = 3});
    probe.expect_line("cannot start: user = no such user: there is no such user");
    CHECK_FALSE(probe.printed("probe start"));
  }
}

}  // namespace
