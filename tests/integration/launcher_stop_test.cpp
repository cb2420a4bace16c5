// SIGTERM drains, SIGINT and SIGQUIT do not, and the deadline ends what neither ends.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <string>
#include <vector>

#include "support/probe.hpp"
#include "support/process_info.hpp"
#include "support/time_limit.hpp"

using namespace thane::testing;
using namespace std::chrono_literals;

namespace {

// E4
TEST_CASE("SIGTERM stops idle workers, then the parent, with status 0, and leaves nobody") {
  Probe parent{2};
  const auto workers = parent.all_ready();

  const Stopwatch since_term;
  parent.signal(SIGTERM);

  parent.expect_line("stopping");
  parent.expect_line("worker 0 exited: status 0 pid=" + std::to_string(workers[0]));
  parent.expect_line("worker 1 exited: status 0 pid=" + std::to_string(workers[1]));
  parent.expect_line("stopped");
  CHECK(parent.wait_exit() == Exit{.code = 0});
  CHECK(since_term.elapsed() < with_slack(20ms));
  CHECK(members_of_group(parent.pid()).empty());
}

TEST_CASE("services with workers of their own are started, named and stopped together") {
  Probe parent{2, {"--probe-services", "2"}};
  for (const std::string worker : {"probe0/0", "probe0/1", "probe1/0", "probe1/1"}) {
    parent.expect_line("worker " + std::string{worker} + " ready pid=");
  }
  parent.expect_line("parent ready");

  parent.signal(SIGTERM);

  CHECK(parent.wait_exit() == Exit{.code = 0});
  CHECK(parent.printed("worker probe1/1 exited: status 0"));
}

// E10
TEST_CASE("SIGINT and SIGQUIT end busy workers at once with status 1") {
  for (const int number : {SIGINT, SIGQUIT}) {
    CAPTURE(number);
    Probe parent{2, {"--probe-work", "60s"}};
    parent.all_ready();

    const Stopwatch since_signal;
    parent.signal(number);

    parent.expect_line("worker 0 exited: status 1");
    parent.expect_line("worker 1 exited: status 1");
    CHECK(parent.wait_exit() == Exit{.code = 1});
    CHECK(since_signal.elapsed() < with_slack(200ms));
    CHECK_FALSE(parent.printed("probe work done"));
  }
}

// E10, as a terminal does it.
TEST_CASE("Ctrl-C in a terminal ends parent and workers with status 1") {
  Probe parent{2, {"--probe-work", "60s"}, {.terminal = Terminal::controlling}};
  parent.all_ready();

  parent.type("\x03");

  CHECK(parent.wait_exit() == Exit{.code = 1});
  CHECK(members_of_group(parent.pid()).empty());
}

TEST_CASE("SIGINT ends a worker that never gives way and one that is stopped") {
  Probe parent{2, {"--probe-on-usr2", "spin"}};
  const auto workers = parent.all_ready();
  ::kill(workers[0], SIGUSR2);
  parent.expect_line("probe spins");
  ::kill(workers[1], SIGSTOP);
  CHECK(eventually([&] { return stopped(workers[1]); }));

  const Stopwatch since_int;
  parent.signal(SIGINT);

  CHECK(parent.wait_exit() == Exit{.code = 1});
  CHECK(since_int.elapsed() < with_slack(200ms));
  CHECK(members_of_group(parent.pid()).empty());
}

// E11
TEST_CASE("work that runs at SIGTERM is done before the workers end") {
  Probe parent{2, {"--probe-work", "1s", "--graceful-shutdown-timeout", "60"}};
  parent.all_ready();

  parent.signal(SIGTERM);

  CHECK(parent.wait_exit() == Exit{.code = 0});
  CHECK(parent.count_so_far("probe work begun") == 2);
  CHECK(parent.count_so_far("probe work done") == 2);
}

// E12: the original died of its own SIGALRM without a word and left the workers.
TEST_CASE("work that is not done at the deadline is killed: status 1 and a line that says so") {
  Probe parent{2, {"--probe-work", "60s", "--graceful-shutdown-timeout", "1"}};
  const auto workers = parent.all_ready();

  const Stopwatch since_term;
  parent.signal(SIGTERM);

  parent.expect_line("worker 0 killed: graceful_shutdown_timeout");
  parent.expect_line("worker 1 killed: graceful_shutdown_timeout");
  CHECK(parent.wait_exit() == Exit{.code = 1});
  CHECK(since_term.elapsed() >= 1s);
  CHECK(since_term.elapsed() < with_slack(1200ms));
  CHECK(members_of_group(parent.pid()).empty());
}

TEST_CASE("only the worker that is not done at the deadline is killed") {
  Probe parent{2, {"--probe-on-usr2", "spin", "--graceful-shutdown-timeout", "1"}};
  const auto workers = parent.all_ready();
  ::kill(workers[1], SIGUSR2);
  parent.expect_line("probe spins");

  parent.signal(SIGTERM);

  parent.expect_line("worker 0 exited: status 0");
  parent.expect_line("worker 1 killed: graceful_shutdown_timeout pid=" +
                     std::to_string(workers[1]));
  CHECK(parent.wait_exit() == Exit{.code = 1});
  CHECK_FALSE(parent.printed("worker 0 killed"));
}

// E14: how systemd and container runtimes stop a service.
TEST_CASE("SIGTERM to the whole process group is a graceful stop like any other") {
  Probe parent{2, {"--probe-work", "1s"}};
  parent.all_ready();

  parent.signal_group(SIGTERM);

  CHECK(parent.wait_exit() == Exit{.code = 0});
  CHECK(parent.count_so_far("probe work done") == 2);
}

// E15
TEST_CASE("a second SIGTERM during the drain changes nothing") {
  Probe parent{2, {"--probe-work", "1s"}};
  parent.all_ready();
  parent.signal_group(SIGTERM);
  parent.expect_line("stopping");

  parent.signal(SIGTERM);
  parent.signal_group(SIGTERM);

  CHECK(parent.wait_exit() == Exit{.code = 0});
  CHECK(parent.count_so_far("probe work done") == 2);
  CHECK_FALSE(parent.printed("stopping"));
}

TEST_CASE("SIGINT during the drain cuts it short") {
  Probe parent{2, {"--probe-work", "60s"}};
  parent.all_ready();
  parent.signal(SIGTERM);
  parent.expect_line("stopping");

  const Stopwatch since_int;
  parent.signal(SIGINT);

  CHECK(parent.wait_exit() == Exit{.code = 1});
  CHECK(since_int.elapsed() < with_slack(200ms));
}

TEST_CASE("SIGHUP during the drain does not undo it") {
  Probe parent{2, {"--probe-work", "1s"}};
  parent.all_ready();
  parent.signal(SIGTERM);
  parent.expect_line("stopping");

  parent.signal_group(SIGHUP);

  CHECK(parent.wait_exit() == Exit{.code = 0});
  CHECK(parent.count_so_far("probe work done") == 2);
  CHECK_FALSE(parent.printed("reload started"));
}

// E16
TEST_CASE("a worker that never gives way is killed at the deadline") {
  Probe parent{2, {"--probe-on-usr2", "spin", "--graceful-shutdown-timeout", "1"}};
  const auto workers = parent.all_ready();
  ::kill(workers[0], SIGUSR2);
  parent.expect_line("probe spins");

  const Stopwatch since_term;
  parent.signal(SIGTERM);

  parent.expect_line("worker 0 killed: graceful_shutdown_timeout");
  CHECK(parent.wait_exit() == Exit{.code = 1});
  CHECK(since_term.elapsed() >= 1s);
  CHECK(since_term.elapsed() < with_slack(1200ms));
  CHECK(eventually_gone(workers[0]));
}

// E17
TEST_CASE("a worker stopped with SIGSTOP is killed at the deadline") {
  Probe parent{2, {"--graceful-shutdown-timeout", "1"}};
  const auto workers = parent.all_ready();
  ::kill(workers[0], SIGSTOP);
  CHECK(eventually([&] { return stopped(workers[0]); }));

  const Stopwatch since_term;
  parent.signal(SIGTERM);

  parent.expect_line("worker 0 killed: graceful_shutdown_timeout pid=" +
                     std::to_string(workers[0]));
  CHECK(parent.wait_exit() == Exit{.code = 1});
  CHECK(since_term.elapsed() >= 1s);
  CHECK(since_term.elapsed() < with_slack(1200ms));
  CHECK(eventually_gone(workers[0]));
}

// E18: the original left immortal orphans.
TEST_CASE("an exception from stop() is logged, the stop goes on, and the status tells") {
  Probe parent{2, {"--probe-stop", "throw"}};
  parent.all_ready();

  parent.signal(SIGTERM);

  parent.expect_line("service probe failed in stop: probe was told to fail");
  parent.expect_line("service probe failed in stop: probe was told to fail");
  CHECK(parent.wait_exit() == Exit{.code = 1});
  CHECK(members_of_group(parent.pid()).empty());
}

// E18
TEST_CASE("one service's exception in stop() does not keep the others from stopping gracefully") {
  Probe process{1, {"--probe-services", "3", "--probe-stop", "throw", "--probe-work", "500ms"}};
  process.expect_line("parent ready");

  process.signal(SIGTERM);

  CHECK(process.wait_exit() == Exit{.code = 1});
  CHECK(process.count_so_far("service probe0 failed in stop") == 1);
  CHECK(process.count_so_far("service probe1 failed in stop") == 1);
  CHECK(process.count_so_far("service probe2 failed in stop") == 1);
}

// E29: the original's parent burns a core until the last worker has gone.
TEST_CASE("a parent that waits for draining workers uses no CPU") {
  Probe parent{2, {"--probe-work", "2s"}};
  parent.all_ready();
  parent.signal(SIGTERM);
  parent.expect_line("stopping");
  const auto before = cpu_time_of(parent.pid());

  observe_for(1s);

  CHECK(cpu_time_of(parent.pid()) - before < 50ms);
  CHECK(parent.wait_exit() == Exit{.code = 0});
}

}  // namespace
