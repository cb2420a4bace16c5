// What a program prints and exits with before its work begins.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/temporary_directory.hpp"

namespace {

using thane::testing::ChildOptions;
using thane::testing::ChildProcess;
using thane::testing::Exit;
using thane::testing::TemporaryDirectory;

constexpr const char* program = PROGRAMS_DIR "/configured";

struct Run {
  std::vector<std::string> lines;
  Exit exit;
};

Run run(const std::vector<std::string>& arguments, const ChildOptions& options = {}) {
  ChildProcess child{program, arguments, options};
  const Exit exit = child.wait_exit();
  (void)child.printed("");  // Reads to the end.
  return {child.messages_so_far(), exit};
}

using Lines = std::vector<std::string>;

TEST_CASE("a program with a good configuration goes on to its work") {
  const auto [lines, exit] = run({"--web-workers", "3"});
  CHECK(lines == Lines{"workers=3"});
  CHECK(exit == Exit{.code = 0});
}

TEST_CASE("a broken file stops the start with status 78 and one line that says where") {
  const TemporaryDirectory files;
  const ChildOptions there{.directory = files.path()};
  const auto stops = [&](const char* text, const char* line) {
    files.write("app.conf", text);
    const auto [lines, exit] = run({"--config-file", "app.conf"}, there);
    CHECK(lines == Lines{line});
    CHECK(exit == Exit{.code = 78});
  };
  stops("[web]\nworkes = 1\n",
        "app.conf:2: unknown option \"workes\" in [web]; did you mean \"workers\"?");
  stops("[web]\nworkers = many\n", "app.conf:2: web.workers: \"many\" is not an integer");
  stops("[web]\nworkers = 0\n", "app.conf:2: web.workers: 0 is below the minimum of 1");
  stops("[web]\nworkers = 1\n[web]\n",
        "app.conf:3: section [web] was there at line 1 already; join the two");
  stops("[web]\nworkers = 1\n[DEF",
        "app.conf:3: the section header \"[DEF\" is not closed; write [DEF] (the file ends within "
        "this line: is it cut off?)");
}

TEST_CASE("a wrong command line stops the start with status 2 and one line") {
  const auto [lines, exit] = run({"--web-wrokers", "3"});
  CHECK(lines == Lines{"--web-wrokers: unknown option; did you mean --web-workers?"});
  CHECK(exit == Exit{.code = 2});
}

TEST_CASE("a wrong variable stops the start with status 78 and one line") {
  const auto [lines, exit] = run({}, {.environment = {"THANE_WEB__WORKERS=x"}});
  CHECK(lines == Lines{"environment THANE_WEB__WORKERS: \"x\" is not an integer"});
  CHECK(exit == Exit{.code = 78});
}

TEST_CASE("--check-config says that all is well, without creating the log file") {
  const TemporaryDirectory files;
  const auto [lines, exit] = run({"--check-config", "--log-file", files.file("log")});
  CHECK(lines == Lines{"configuration ok"});
  CHECK(exit == Exit{.code = 0});
  const auto [dump, dump_exit] = run({"--config-file", files.file("log"), "--dump-config"});
  CHECK(dump == Lines{files.file("log") + ": cannot be read: No such file or directory"});
}

TEST_CASE("--check-config of a broken file has the status and the line of a start") {
  const TemporaryDirectory files;
  const auto file = files.write("app.conf", "[web]\nworkers = 0\n");
  const auto [lines, exit] = run({"--check-config", "--config-file", file});
  CHECK(lines == Lines{file + ":2: web.workers: 0 is below the minimum of 1"});
  CHECK(exit == Exit{.code = 78});
}

TEST_CASE("--check-config also asks the program, which a start does not") {
  const ChildOptions guessed{.environment = {"THANE_WEB__PASSWORD=secret"}};
  const auto [lines, exit] = run({"--check-config"}, guessed);
  CHECK(lines == Lines{"web.password: everybody guesses that one"});
  CHECK(exit == Exit{.code = 78});
  CHECK(run({}, guessed).exit == Exit{.code = 0});
}

TEST_CASE("--help, --version and --sample-config work however broken the files are") {
  for (const char* flag : {"--help", "--version", "--sample-config", "--options-markdown"}) {
    const auto [lines, exit] = run({"--config-file", "/nonexistent", flag});
    CHECK(exit == Exit{.code = 0});
    CHECK(lines.size() >= 1);
  }
  CHECK(run({"--version"}).lines.front().starts_with("configured (thane "));
  CHECK(run({"--help"}).lines.front() == "usage: configured [--OPTION VALUE]...");
}

TEST_CASE("--dump-config shows where each value is from, and no secret") {
  ChildProcess child{program, {"--dump-config"}, {.environment = {"THANE_WEB__PASSWORD=hunter2"}}};
  CHECK(child.wait_exit() == Exit{.code = 0});
  CHECK(child.printed("# environment THANE_WEB__PASSWORD"));
  CHECK(child.printed("password = ***"));
  CHECK_FALSE(child.printed("password = hunter2"));
}

TEST_CASE("the options of the log count from the first line on") {
  CHECK(run({}).lines == Lines{"workers=2"});
  const auto [lines, exit] = run({"--debug"}, {.environment = {"THANE_WEB__WORKRES=3"}});
  CHECK(lines.size() == 3);  // The warning and the line of the program, and its output.
  const TemporaryDirectory files;
  const auto quiet =
      run({"--log-file", files.file("log")}, {.environment = {"THANE_WEB__WORKRES=3"}});
  CHECK(quiet.lines == Lines{"workers=2"});
}

}  // namespace
