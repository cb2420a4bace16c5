// What docs/tutorial.md says one sees, done with its programs.
#include <doctest/doctest.h>
#include <signal.h>

#include <string>

#include "support/child_process.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/temporary_directory.hpp"

using thane::testing::ChildProcess;
using thane::testing::Exit;
using thane::testing::http_get;
using thane::testing::TemporaryDirectory;

namespace {

constexpr const char* service = EXAMPLES_DIR "/tutorial/service";
constexpr const char* chores = EXAMPLES_DIR "/tutorial/chores";
constexpr const char* http = EXAMPLES_DIR "/tutorial/http";

struct Folder {
  TemporaryDirectory folder;
  std::string file = folder.file("motd.conf");

  void messages(const std::string& text) { write("messages = " + text); }
  void write(const std::string& line) { folder.write("motd.conf", "[motd]\n" + line + "\n"); }
};

// Step 3, serving.
struct Served : Folder {
  std::uint16_t port = thane::testing::free_port();

  ChildProcess serve(const std::string& method) {
    messages("carpe diem, memento mori");
    return {
        http,
        {"--config-file", file, "--web-port", std::to_string(port), "--restart-method", method}};
  }
  std::string message() { return http_get(port, "/").body; }
};

TEST_CASE("step 1: two workers say their line, and one that is killed is replaced") {
  ChildProcess motd{service, {}};
  const pid_t worker = motd.expect_pid("worker 0 started pid=");
  motd.expect_line("worker 1 started pid=");
  motd.expect_line("parent ready");
  motd.expect_line("carpe diem");

  ::kill(worker, SIGKILL);
  motd.expect_line("worker 0 died: signal 9");
  motd.expect_line("worker 0 started pid=");

  motd.signal(SIGTERM);
  CHECK(motd.wait_exit() == Exit{.code = 0});
}

TEST_CASE_FIXTURE(Folder, "step 2: the task chooses what is configured") {
  messages("carpe diem, memento mori");
  ChildProcess motd{chores, {"--config-file", file, "--motd-workers", "4"}};
  motd.expect_line("worker 3 started pid=");
  motd.expect_line("chosen: carpe diem");
  motd.signal(SIGTERM);
  CHECK(motd.wait_exit() == Exit{.code = 0});
}

TEST_CASE_FIXTURE(Folder, "step 2: a wrong word stops the start, with a guess") {
  write("mesages = carpe diem");
  ChildProcess motd{chores, {"--config-file", file}};
  CHECK(motd.wait_exit() == Exit{.code = 78});
  CHECK(
      motd.printed(file + ":2: unknown option \"mesages\" in [motd]; did you mean \"messages\"?"));
}

TEST_CASE_FIXTURE(Served, "steps 3 and 4: a reload changes what is served, a broken one nothing") {
  ChildProcess motd = serve("reload");
  motd.expect_line("parent ready");
  CHECK(message() == "carpe diem\n");
  CHECK(http_get(port, "/other").status == 404);

  messages("festina lente");
  motd.signal(SIGHUP);
  motd.expect_line("reload finished generation=2");
  // An old worker that drains answers what it has accepted before.
  CHECK(thane::testing::eventually([&] { return message() == "festina lente\n"; }));

  write("mesages = vanitas");
  motd.signal(SIGHUP);
  motd.expect_line("reload failed generation=3 reason=");
  CHECK(message() == "festina lente\n");

  motd.signal(SIGTERM);
  CHECK(motd.wait_exit() == Exit{.code = 0});
}

TEST_CASE_FIXTURE(Served, "step 4: with mutate the workers stay, and have what has changed") {
  ChildProcess motd = serve("mutate");
  const pid_t worker = motd.expect_pid("worker 0 ready pid=");
  motd.expect_line("parent ready");

  messages("festina lente");
  motd.signal(SIGHUP);
  motd.expect_line("reload finished");  // Every worker has said so.
  CHECK(message() == "festina lente\n");
  CHECK(::kill(worker, 0) == 0);
}

}  // namespace
