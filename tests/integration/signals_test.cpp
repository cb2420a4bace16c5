// docs/signals.md row by row where both launchers agree: exit statuses, terminals, early signals.
#include <doctest/doctest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "support/probe.hpp"
#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"

using namespace thane::testing;

namespace {

// E23: the terminal is gone, says the kernel. The original hangs in the case of one process.
TEST_CASE("when the terminal is closed the program stops gracefully") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Probe parent{workers, {"--probe-work", "500ms"}, {.terminal = Terminal::controlling}};
    parent.all_ready();

    parent.hang_up();

    parent.expect_line("stopping");
    CHECK(parent.wait_exit() == Exit{.code = 0});
    CHECK(parent.count_so_far("probe work done") == static_cast<std::size_t>(workers));
    CHECK_FALSE(parent.printed("reload started"));
  }
}

TEST_CASE("SIGHUP from a process is a reload, on a terminal too") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Probe parent{workers, {}, {.terminal = Terminal::controlling}};
    parent.all_ready();

    parent.signal(SIGHUP);

    parent.expect_line("reload finished generation=");
    CHECK(parent.running());
  }
}

// E32
TEST_CASE("the exit status tells how it ended") {
  struct Row {
    std::vector<std::string> arguments;
    int signal;
    int status;
  };
  const Row rows[] = {
      {{}, SIGTERM, 0},
      {{}, SIGINT, 1},
      {{}, SIGQUIT, 1},
      {{"--probe-stop", "hang", "--graceful-shutdown-timeout", "1"}, SIGTERM, 1},
      {{"--probe-stop", "throw"}, SIGTERM, 1},
  };
  for (const int workers : one_and_two) {
    for (const Row& row : rows) {
      CAPTURE(workers);
      CAPTURE(row.signal);
      Probe parent{workers, row.arguments};
      parent.all_ready();

      parent.signal(row.signal);

      CHECK(parent.wait_exit() == Exit{.code = row.status});
    }
  }
}

// E32
TEST_CASE("the exit status tells why it never began") {
  const TemporaryDirectory directory;
  const std::string unknown = directory.write("unknown.conf", "[probe]\ncolour = blue\n");
  struct Row {
    std::vector<std::string> arguments;
    int status;
  };
  const Row rows[] = {
      {{"--no-such-option"}, 2},
      {{"--config-file", unknown}, 78},
      {{"--config-file", directory.file("missing.conf")}, 78},
      {{"--probe-start", "throw"}, 3},
      {{"--probe-start", "exit"}, 3},
  };
  for (const Row& row : rows) {
    CAPTURE(row.arguments.front());
    CAPTURE(row.arguments.back());
    CHECK(Probe{2, row.arguments}.wait_exit() == Exit{.code = row.status});
  }
}

// E32
TEST_CASE("a number of workers below one is refused with the name of the option") {
  Probe parent{0};

  CHECK(parent.wait_exit() == Exit{.code = 2});
  CHECK(parent.messages_so_far().size() == 1);
  CHECK(parent.messages_so_far().front().find("--workers") != std::string::npos);
}

// E34: from the launcher's constructor on the process's signals wait for wait().
TEST_CASE("a signal between the launcher's construction and wait() is not lost") {
  struct Row {
    int signal;
    int status;
  };
  for (const int workers : one_and_two) {
    for (const Row& row : {Row{SIGTERM, 0}, Row{SIGINT, 1}}) {
      CAPTURE(workers);
      CAPTURE(row.signal);
      Probe parent{workers, {"--probe-await-signal", "true"}};
      parent.expect_line("probe awaits a signal");

      parent.signal(row.signal);

      CHECK(parent.wait_exit() == Exit{.code = row.status});
      CHECK(members_of_group(parent.pid()).empty());
    }
  }
}

// E34
TEST_CASE("SIGHUP before wait() does not end the program") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Probe parent{workers, {"--probe-await-signal", "true"}};
    parent.expect_line("probe awaits a signal");

    parent.signal(SIGHUP);

    parent.all_ready();
    parent.signal(SIGTERM);
    CHECK(parent.wait_exit() == Exit{.code = 0});
  }
}

TEST_CASE("SIGTERM while start() still blocks ends the program gracefully") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Probe parent{workers, {"--probe-start", "hang"}};
    for (int i = 0; i < workers; ++i) {
      parent.expect_line("probe hangs in start");
    }

    parent.signal(SIGTERM);

    CHECK(parent.wait_exit() == Exit{.code = 0});
  }
}

TEST_CASE("SIGUSR1 ends nobody") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Probe parent{workers};
    const auto pids = parent.all_ready();

    parent.signal_group(SIGUSR1);
    parent.signal(SIGTERM);

    CHECK(parent.wait_exit() == Exit{.code = 0});
    CHECK_FALSE(parent.printed("worker 0 died"));
  }
}

TEST_CASE("the application's own signal reaches every worker by way of the parent") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Probe parent{workers};
    const auto pids = parent.all_ready();

    parent.signal(SIGUSR2);

    for (const pid_t pid : pids) {
      parent.expect_line("probe usr2 pid=" + std::to_string(pid));
    }
  }
}

// SV-18, in a real process.
TEST_CASE("handlers of any other signal run in the process that it is sent to, the newest first") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Probe parent{workers};
    const std::string pid = std::to_string(parent.all_ready().back());

    for (const int number : {SIGALRM, SIGWINCH, SIGALRM}) {
      ::kill(std::stoi(pid), number);
      parent.expect_line("probe newer handler pid=" + pid);
      CHECK_FALSE(parent.printed_so_far("probe newer handler"));
      parent.expect_line("probe older handler pid=" + pid);
    }
    CHECK(parent.count_so_far("worker 0 started pid=") == 1);
    parent.signal(SIGTERM);
    CHECK(parent.wait_exit() == Exit{.code = 0});
    std::string order;
    for (const std::string& message : parent.messages_so_far()) {
      order += message.starts_with("probe newer") ? "n" : "";
      order += message.starts_with("probe older") ? "o" : "";
    }
    CHECK(order == "nonono");
  }
}

}  // namespace
