// The tests' own tools, tried on programs whose behaviour is known: the shell's.
#include "support/child_process.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <system_error>
#include <vector>

#include <thane/check.hpp>
#include <thane/unique_fd.hpp>

#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"

using namespace thane::testing;

namespace {

struct Shell : ChildProcess {
  explicit Shell(const std::string& script, const ChildOptions& options = {})
      : ChildProcess("/bin/sh", {"-c", script}, options) {}
};

// Written to by a process of the tests that ends with exit() and is not the first.
int told_of_exit = -1;
pid_t first_process = 0;

TEST_CASE("a program that cannot be run ends nothing that is the test's own") {
  int ends[2];
  thane::check(::pipe2(ends, O_CLOEXEC), "pipe2");
  const thane::UniqueFd reader{ends[0]};
  thane::UniqueFd writer{ends[1]};
  told_of_exit = writer.get();
  first_process = ::getpid();
  std::atexit([] {
    if (::getpid() != first_process) (void)!::write(told_of_exit, "x", 1);
  });
  CHECK_THROWS_AS(ChildProcess("/nonexistent", {}), std::system_error);
  writer.reset();
  char told = 0;
  CHECK(::read(reader.get(), &told, 1) == 0);  // Until the child has ended.
}

TEST_CASE("a line is found by the start of its message and consumed, other lines stay") {
  Shell shell{"echo first one; echo second two; echo first three"};

  CHECK(shell.expect_line("second ") == "two");
  CHECK(shell.expect_line("first ") == "one");
  CHECK(shell.expect_line("first ") == "three");
  CHECK_FALSE(shell.printed("first"));
}

TEST_CASE("what stands before the message of a log line is passed over") {
  CHECK(message_of("2026-11-21T12:00:00.123456Z INFO 42 web/0 g1 req-7: parent ready") ==
        "parent ready");
  CHECK(message_of("2026-11-21T12:00:00.123Z INFO 42: a: b") == "a: b");
  CHECK(message_of("plain: line") == "plain: line");
}

TEST_CASE("stdout and stderr are captured together, in order") {
  Shell shell{"echo one; echo two >&2; echo three"};

  CHECK(shell.wait_exit() == Exit{.code = 0});
  CHECK(shell.messages_so_far() == std::vector<std::string>{"one", "two", "three"});
}

TEST_CASE("a last line without its end is a line") {
  Shell shell{"printf unfinished"};

  CHECK(shell.expect_line("unfin") == "ished");
}

TEST_CASE("the end is told as status or signal") {
  CHECK(Shell{"exit 3"}.wait_exit() == Exit{.code = 3});
  CHECK(Shell{"kill -TERM $$"}.wait_exit() == Exit{.signal = SIGTERM});
}

TEST_CASE("a program that cannot be run is an exception") {
  CHECK_THROWS_AS((ChildProcess{"/no/such/program", {}}), std::system_error);
}

TEST_CASE("the destructor kills the whole group") {
  pid_t leader = 0;
  pid_t grandchild = 0;
  {
    Shell shell{"sleep 600 & echo started $!; wait"};
    leader = shell.pid();
    grandchild = shell.expect_pid("started ");
    REQUIRE(alive(grandchild));
    CHECK(children_of(leader) == std::vector<pid_t>{grandchild});
  }
  CHECK_FALSE(alive(leader));
  CHECK(eventually_gone(grandchild));
}

TEST_CASE("a signal to the group reaches everybody in it") {
  Shell shell{"sleep 600 & echo started $!; wait"};
  const pid_t grandchild = shell.expect_pid("started ");

  shell.signal_group(SIGTERM);

  CHECK(shell.wait_exit() == Exit{.signal = SIGTERM});
  CHECK(eventually_gone(grandchild));
}

TEST_CASE("the program has the default mask and dispositions whatever ours are") {
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &blocked, &before);
  ::signal(SIGPIPE, SIG_IGN);

  ChildProcess sleeper{"/bin/sleep", {"600"}};

  ::signal(SIGPIPE, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  CHECK_FALSE(signal_in_mask(sleeper.pid(), "SigBlk", SIGTERM));
  CHECK(status_field(sleeper.pid(), "SigIgn") == "0000000000000000");
}

TEST_CASE("the program inherits its three descriptors and those it is given, no others") {
  const TemporaryDirectory directory;
  const std::string path = directory.write("given", "content of the file\n");
  const thane::UniqueFd given{thane::check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open")};
  const thane::UniqueFd leaked{thane::check(::open("/dev/null", O_RDONLY), "open")};

  ChildProcess sleeper{"/bin/sleep", {"600"}, {.fds = {{7, given.get()}}}};

  const auto fds = open_fds(sleeper.pid());
  REQUIRE(fds.count(7) == 1);
  CHECK(fds.at(7) == path);
  CHECK(fds.size() == 4);
}

TEST_CASE("environment, directory and limits are as asked") {
  const TemporaryDirectory directory;
  Shell shell{"echo $COLOUR $HOME.; pwd; ulimit -n",
              {.environment = {"COLOUR=red", "HOME"},
               .directory = directory.path(),
               .limits = {{RLIMIT_NOFILE, 77}}}};

  CHECK(shell.expect_line("red") == " .");
  CHECK(shell.expect_line(directory.path()).empty());
  CHECK(shell.expect_line("77").empty());
}

TEST_CASE("a program on its own terminal gets Ctrl-C and hang-ups from it") {
  const ChildOptions on_terminal{.terminal = Terminal::controlling};

  ChildProcess interrupted{"/bin/sleep", {"600"}, on_terminal};
  interrupted.type("\x03");
  CHECK(interrupted.wait_exit() == Exit{.signal = SIGINT});

  ChildProcess hung_up{"/bin/sleep", {"600"}, on_terminal};
  hung_up.hang_up();
  CHECK(hung_up.wait_exit() == Exit{.signal = SIGHUP});
}

TEST_CASE("a program whose reader has gone gets EPIPE") {
  Shell shell{"read line < \"$GO\"; echo lost; exit 4", {.environment = {"GO=/dev/null"}}};
  shell.close_output();

  const Exit exit = shell.wait_exit();
  CHECK((exit == Exit{.signal = SIGPIPE} || exit == Exit{.code = 4}));
}

TEST_CASE("process information sees a stopped process, its children, its time and its wake-ups") {
  Shell busy{"while :; do :; done"};
  const auto cpu_before = cpu_time_of(busy.pid());
  CHECK(eventually([&] { return cpu_time_of(busy.pid()) > cpu_before; }));

  busy.signal(SIGSTOP);
  CHECK(eventually([&] { return stopped(busy.pid()); }));

  ChildProcess idle{"/bin/sleep", {"600"}};
  CHECK(eventually([&] { return state_of(idle.pid()) == 'S'; }));
  const auto wake_ups = wake_ups_of(idle.pid());
  CHECK(command_line_of(idle.pid()) == std::vector<std::string>{"/bin/sleep", "600"});
  CHECK(anonymous_pss_kib_of(idle.pid()) > 0);
  CHECK(wake_ups_of(idle.pid()) == wake_ups);
}

TEST_CASE("a zombie counts as gone") {
  Shell parent{"sleep 600 & echo started $!; exec sleep 601"};
  const pid_t zombie = parent.expect_pid("started ");
  const std::vector<std::string> no_shell{"sleep", "601"};
  REQUIRE(eventually([&] { return command_line_of(parent.pid()) == no_shell; }));
  ::kill(zombie, SIGKILL);

  CHECK(eventually_gone(zombie));
  CHECK(eventually([&] { return zombies_of(parent.pid()) == 1; }));
}

TEST_CASE("a predicate is asked until it is true, and not once more") {
  int asked = 0;

  CHECK(eventually([&] { return ++asked == 3; }));
  CHECK(asked == 3);
}

TEST_CASE("a line that never comes fails the test" * doctest::should_fail()) {
  Shell shell{"echo something else"};

  shell.expect_line("wanted");
}

}  // namespace
