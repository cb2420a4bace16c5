// What workers, and programs that they run, print: as lines of the log.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <thane/unique_fd.hpp>

#include "support/daemon.hpp"
#include "support/errand.hpp"
#include "support/eventually.hpp"
#include "support/probe.hpp"
#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

/// errand, whose log is in a file.
struct Errand : TemporaryDirectory {
  explicit Errand(int workers, std::vector<std::string> arguments = {})
      : program(errand, with(workers, std::move(arguments))) {}

  [[nodiscard]] std::string log() const { return read_text(file("log")); }
  [[nodiscard]] bool logs(const std::string& text) const {
    return eventually([&] { return log().find(text) != std::string::npos; });
  }
  /// The pid of worker 0, when it is ready.
  [[nodiscard]] pid_t worker() const {
    const std::string words = "worker 0 ready pid=";
    REQUIRE(logs("parent ready"));
    const std::string text = log();
    return std::stoi(text.substr(text.rfind(words) + words.size()));
  }
  /// As it stands in the log.
  [[nodiscard]] std::string line_of(pid_t pid, const char* level, const std::string& text) const {
    return std::string{level} + " " + std::to_string(pid) + " errand/0 g1: " + text + "\n";
  }

  ChildProcess program;

 private:
  [[nodiscard]] std::vector<std::string> with(int workers,
                                              std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--workers", std::to_string(workers), "--capture-stdio",
                                         "--log-file", file("log")});
    return arguments;
  }
};

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST_CASE("a line of standard output is an info of the worker, one of standard error a warning") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    const Errand run{workers,
                     {"--errand-print", "printed", "--errand-complain", "complained",
                      "--errand-run", "echo echoed; printf unfinished; echo warned >&2"}};
    const pid_t worker = run.worker();
    CHECK(run.logs(run.line_of(worker, "INFO", "printed")));
    CHECK(run.logs(run.line_of(worker, "WARNING", "complained")));
    CHECK(run.logs(run.line_of(worker, "INFO", "echoed")));
    CHECK(run.logs(run.line_of(worker, "WARNING", "warned")));
    run.program.signal(SIGTERM);
    CHECK(run.logs(run.line_of(worker, "INFO", "unfinished")));
  }
}

TEST_CASE("a log on standard error stays there, and is not captured itself") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    ChildProcess program{errand,
                         {"--workers", std::to_string(workers), "--capture-stdio",
                          "--errand-complain", "complained"}};
    for (int worker = 0; worker < workers; ++worker) program.expect_line("complained");
    program.expect_line("parent ready");
    program.signal(SIGHUP);
    program.expect_line("reload finished generation=2");
    program.signal(SIGTERM);
    CHECK(program.wait_exit() == Exit{.code = 0});
    for (const std::string& line : program.messages_so_far()) {
      CHECK_MESSAGE(line.find(" INFO ") == std::string::npos, line);
    }
  }
}

TEST_CASE("the last words of a worker that dies are in the log, before it is said that it died") {
  const Errand run{2,
                   {"--errand-print", "almost", "--errand-mutter", "last words", "--errand-abort"}};
  REQUIRE(run.logs("worker 0 died: signal 6"));
  const std::string log = run.log();
  const auto died = log.find("worker 0 died: signal 6");
  CHECK(log.find("errand/0 g1: last words\n") < died);
  CHECK(log.find("errand/0 g1: almost\n") < died);
}

TEST_CASE("who prints more than a pipe holds goes on, and no line is lost") {
  constexpr int lines = 20'000;
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Errand run{workers,
               {"--errand-print", "one of many lines", "--errand-times", std::to_string(lines)}};
    const pid_t worker = run.worker();
    run.program.signal(SIGTERM);
    CHECK(run.program.wait_exit() == Exit{.code = 0});
    CHECK(count(run.log(), run.line_of(worker, "INFO", "one of many lines")) == lines);
  }
}

TEST_CASE("a program that outlives its worker is heard until it ends, and then costs nothing") {
  const TemporaryDirectory directory;
  const std::string fifo = directory.file("fifo");
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  Errand run{2, {"--errand-run", "read line < " + fifo + "; echo late"}};
  const pid_t worker = run.worker();
  const auto fds = [&] { return open_fds(run.program.pid()).size(); };
  const auto fds_before = fds();
  ::kill(worker, SIGKILL);
  REQUIRE(run.logs("worker 0 died: signal 9"));
  REQUIRE(eventually([&] { return count(run.log(), "worker 0 ready pid=") == 2; }));
  CHECK(fds() > fds_before);

  // Three wait for a line: of two workers and of the one that has died.
  const thane::UniqueFd writer{::open(fifo.c_str(), O_RDWR | O_CLOEXEC)};
  REQUIRE(::write(writer.get(), "\n\n\n", 3) == 3);
  CHECK(run.logs(run.line_of(worker, "INFO", "late")));
  CHECK(eventually([&] { return fds() == fds_before; }));
  const auto used = cpu_time_of(run.program.pid());
  observe_for(300ms);
  CHECK(cpu_time_of(run.program.pid()) - used < 30ms);
}

TEST_CASE("workers that come and go leave no pipes behind") {
  Errand run{2, {"--errand-print", "printed"}};
  (void)run.worker();
  const auto fds_before = open_fds(run.program.pid()).size();
  for (int reload = 2; reload < 8; ++reload) {
    run.program.signal(SIGHUP);
    REQUIRE(run.logs("reload finished generation=" + std::to_string(reload)));
  }
  CHECK(eventually([&] { return open_fds(run.program.pid()).size() == fds_before; }));
}

TEST_CASE("a reload captures what the new workers print, if it says so now") {
  const TemporaryDirectory directory;
  const std::string file = directory.write("app.conf", "");
  const std::string log = directory.file("log");
  ChildProcess program{errand,
                       {"--workers", "2", "--config-file", file, "--log-file", log,
                        "--errand-complain", "complained"}};
  for (int worker = 0; worker < 2; ++worker) program.expect_line("complained");
  const auto logs = [&](const std::string& text) {
    return eventually([&] { return read_text(log).find(text) != std::string::npos; });
  };
  REQUIRE(logs("parent ready"));
  directory.write("app.conf", "[DEFAULT]\ncapture_stdio = true\n");
  program.signal(SIGHUP);
  CHECK(logs("errand/0 g2: complained\n"));
  CHECK(logs("errand/1 g2: complained\n"));
  REQUIRE(logs("reload finished generation=2"));
  CHECK(program.count_so_far("complained") == 2);  // By the first two, as it was.
}

TEST_CASE("a daemon's standard streams are the log as well") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Daemon daemon;
    CHECK(daemon
              .start(errand, {"--workers", std::to_string(workers), "--capture-stdio",
                              "--errand-complain", "complained"})
              .exit == Exit{.code = 0});
    CHECK(daemon.logs("g1: complained\n"));
    CHECK(daemon.ends_by(SIGTERM));
  }
}

TEST_CASE("the one process writes down what it has printed, however it ends") {
  for (const int number : {SIGTERM, SIGINT}) {
    CAPTURE(number);
    Errand run{1, {"--errand-mutter", "unfinished"}};
    const pid_t worker = run.worker();
    run.program.signal(number);
    CHECK(run.program.wait_exit() == Exit{.code = number == SIGTERM ? 0 : 1});
    CHECK(count(run.log(), run.line_of(worker, "WARNING", "unfinished")) == 1);
  }
}

TEST_CASE("a limit that ends a process without its loop is told all the same") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Probe probe{workers,
                {"--capture-stdio", "--probe-stop", "spin", "--graceful-shutdown-timeout", "1"}};
    const pid_t pid = probe.all_ready()[0];
    ::kill(pid, SIGTERM);
    probe.expect_line("worker 0 killed: graceful_shutdown_timeout (it did not give way) pid=" +
                      std::to_string(pid));
  }
}

}  // namespace
