// The mask, the directory and the limits that a program runs with.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <thane/internal/fork_count.hpp>

#include "support/errand.hpp"
#include "support/http_client.hpp"
#include "support/probe.hpp"
#include "support/process_info.hpp"
#include "support/root.hpp"
#include "support/temporary_directory.hpp"

using namespace thane::testing;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> workers_of(int workers, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"--workers", std::to_string(workers)});
  return arguments;
}

TEST_CASE("a child knows that it is not who it comes from") {
  const unsigned before = thane::internal::fork_count();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(thane::internal::fork_count() == before + 1 ? 0 : 1);
  REQUIRE(child > 0);
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(thane::internal::fork_count() == before);
}

TEST_CASE("umask holds for workers and what they run, and not for the pid file") {
  const TemporaryDirectory directory;
  const std::string pid_file = directory.file("errand.pid");
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    ChildProcess program{
        errand, workers_of(workers, {"--umask", "077", "--pid-file", pid_file, "--errand-run",
                                     "echo errand has mask $$(umask)"})};
    CHECK(program.expect_line("errand has mask ") == "0077");
    struct stat status {};
    REQUIRE(::stat(pid_file.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0644U);
  }
}

TEST_CASE("a program goes to another directory, and its files stay where they were named") {
  const TemporaryDirectory there;
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    const TemporaryDirectory here;
    here.write("app.conf", "[DEFAULT]\nlog_file = web.log\n");
    ChildProcess web{
        EXAMPLES_DIR "/web",
        workers_of(workers, {"--config-file", "app.conf", "--chdir", there.path(), "--pid-file",
                             "web.pid", "--web-unix-socket", "web.sock"}),
        {.directory = here.path()}};
    const auto log_has = [&](const std::string& text) {
      return eventually(
          [&] { return read_text(here.file("web.log")).find(text) != std::string::npos; });
    };
    REQUIRE(log_has("parent ready"));
    CHECK(fs::read_symlink("/proc/" + std::to_string(web.pid()) + "/cwd") == there.path());
    CHECK(HttpClient{here.file("web.sock")}.get("/").status == 200);

    fs::rename(here.file("web.log"), here.file("web.log.1"));
    web.signal(SIGUSR1);
    REQUIRE(eventually([&] { return fs::exists(here.file("web.log")); }));
    web.signal(SIGHUP);
    CHECK(log_has("reload finished generation=2"));
    web.signal(SIGTERM);
    CHECK(web.wait_exit() == Exit{.code = 0});
    CHECK(log_has("stopped status=0"));
    CHECK_FALSE(fs::exists(here.file("web.pid")));
    CHECK_FALSE(fs::exists(here.file("web.sock")));
    CHECK(fs::is_empty(there.path()));
  }
}

TEST_CASE("a directory that is not there, or not for the user, is an error") {
  Probe missing{2, {"--chdir", "/no/such/directory"}};
  CHECK(missing.wait_exit() == Exit{.code = 3});
  missing.expect_line("cannot start: chdir = /no/such/directory: user ");
  CHECK_FALSE(missing.printed("probe start"));

  if (!is_root("become another user")) return;
  const TemporaryDirectory private_to_root;
  Probe nobody{2, {"--user", "nobody", "--chdir", private_to_root.path()}};
  CHECK(nobody.wait_exit() == Exit{.code = 3});
  CHECK(nobody.expect_line("cannot start: chdir = " + private_to_root.path() + ": user ")
            .ends_with(" cannot go there: Permission denied"));
}

TEST_CASE("max_open_files is the soft limit of every process") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Probe probe{workers, {"--max-open-files", "200"}, {.limits = {{RLIMIT_NOFILE, 300}}}};
    for (const pid_t pid : probe.all_ready()) {
      rlimit limit{};
      REQUIRE(::prlimit(pid, RLIMIT_NOFILE, nullptr, &limit) == 0);
      CHECK(limit.rlim_cur == 200);
      CHECK(limit.rlim_max == 300);
    }
  }
}

TEST_CASE("a limit on open files that cannot be had, or cannot do, is refused with the number") {
  Probe few{4, {"--max-open-files", "47"}};
  CHECK(few.wait_exit() == Exit{.code = 3});
  few.expect_line("cannot start: max_open_files = 47: 4 workers need 48 open files");

  Probe many{2, {"--max-open-files", "2147483647"}, {.limits = {{RLIMIT_NOFILE, 300}}}};
  CHECK(many.wait_exit() == Exit{.code = 3});
  many.expect_line(
      "cannot start: max_open_files = 2147483647: the hard limit is 300, and this process may not "
      "raise it to that;");
}

TEST_CASE("root may have more open files than the hard limit, also for a user that may not") {
  constexpr unsigned cap_sys_resource = 24;
  const auto capabilities = std::stoull(status_field(::getpid(), "CapEff"), nullptr, 16);
  if (!is_root("raise a hard limit") || ((capabilities >> cap_sys_resource) & 1U) == 0) {
    MESSAGE("not tested: this takes CAP_SYS_RESOURCE");
    return;
  }
  Probe probe{
      2, {"--user", "nobody", "--max-open-files", "400"}, {.limits = {{RLIMIT_NOFILE, 300}}}};
  const pid_t pid = probe.all_ready()[0];
  rlimit limit{};
  REQUIRE(::prlimit(pid, RLIMIT_NOFILE, nullptr, &limit) == 0);
  CHECK(limit.rlim_cur == 400);
}

}  // namespace
