// What a program is started with, and what it hands on to what it starts itself.
#include <doctest/doctest.h>
#include <signal.h>

#include <string>
#include <utility>
#include <vector>

#include "support/probe.hpp"
#include "support/process_info.hpp"

using namespace thane::testing;

namespace {

/// probe, started by env(1) with what that has to say about signals.
class Started : public ChildProcess {
 public:
  Started(std::string how, int workers, std::vector<std::string> arguments = {})
      : ChildProcess("/usr/bin/env", with(std::move(how), workers, std::move(arguments))) {}

 private:
  static std::vector<std::string> with(std::string how, int workers,
                                       std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {std::move(how), PROGRAMS_DIR "/probe", "--workers", std::to_string(workers)});
    return arguments;
  }
};

TEST_CASE("a program that is started deaf to signals hears them") {
  for (const int workers : one_and_two) {
    for (const char* how :
         {"--block-signal=TERM,HUP,RTMAX-2", "--ignore-signal=TERM,HUP,RTMAX-2"}) {
      CAPTURE(workers);
      CAPTURE(how);
      Started probe{how, workers};
      probe.expect_line("parent ready");
      probe.signal(SIGHUP);
      probe.expect_line("reload finished generation=2");
      probe.signal(SIGTERM);
      CHECK(probe.wait_exit() == Exit{.code = 0});
    }
  }
}

TEST_CASE("a worker of a program that is started deaf hears TERM, and the limit ends it") {
  Started probe{"--block-signal=TERM,RTMAX-2",
                2,
                {"--graceful-shutdown-timeout", "1", "--probe-stop", "spin"}};
  const pid_t worker = probe.expect_pid("worker 0 ready pid=");
  ::kill(worker, SIGTERM);
  probe.expect_line("worker 0 killed: graceful_shutdown_timeout (it did not give way) pid=" +
                    std::to_string(worker));
  probe.expect_line("worker 0 exited: status 1 pid=" + std::to_string(worker));
}

TEST_CASE("a parent that is started with SIGCHLD ignored learns how its workers end") {
  Started probe{"--ignore-signal=CHLD", 2};
  const pid_t worker = probe.expect_pid("worker 0 ready pid=");
  probe.expect_line("parent ready");
  ::kill(worker, SIGKILL);
  probe.expect_line("worker 0 died: signal 9 pid=" + std::to_string(worker));
  probe.expect_line("worker 0 ready pid=");
  probe.signal(SIGTERM);
  CHECK(probe.wait_exit() == Exit{.code = 0});
}

TEST_CASE("what a program has printed is written once, whoever still had it in a buffer") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Probe probe{workers, {"--probe-print"}};
    probe.all_ready();
    probe.signal(SIGTERM);
    CHECK(probe.wait_exit() == Exit{.code = 0});
    CHECK(probe.count_so_far("probe printed in main") == 1);
    CHECK(probe.count_so_far("probe printed in stop") == static_cast<std::size_t>(workers));
  }
}

TEST_CASE("a program that a service starts inherits the standard streams and no other file") {
  for (const int workers : one_and_two) {
    CAPTURE(workers);
    Probe probe{workers, {"--probe-child", "worker_fds"}};
    for (int worker = 0; worker < workers; ++worker) {
      probe.expect_line("probe child has that");
    }
    // 3 is the directory that the program reads.
    CHECK(probe.count_so_far("probe child has 3") == static_cast<std::size_t>(workers));
    CHECK(probe.count_so_far("probe child has ") == static_cast<std::size_t>(5 * workers));
  }
}

}  // namespace
