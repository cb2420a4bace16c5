// Processes that launchers have lost, multiplied or mistaken for others. The number in a test's
// name is the row of the catalogue of failures in docs/testing.md.
#include <doctest/doctest.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <thane/check.hpp>

#include "support/child_process.hpp"
#include "support/eventually.hpp"
#include "support/hazard.hpp"
#include "support/process_info.hpp"
#include "support/root.hpp"
#include "support/temporary_directory.hpp"
#include "support/time_limit.hpp"
#include "support/workers.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

using Clock = std::chrono::steady_clock;

const std::string jumping_clock = PROGRAMS_DIR "/jumping_clock";

/// A launcher that is process 1 of a PID namespace, with two workers.
struct Container {
  explicit Container(const char* trouble)
      : outside("/usr/bin/unshare", {"--pid", "--fork", hazard, trouble, "2"}) {
    const std::string number_inside = outside.expect_line("worker 0 ready pid=");
    outside.expect_line("worker 1 ready pid=");
    init = children_of(outside.pid()).at(0);
    for (const pid_t pid : children_of(init)) {
      const std::string numbers = status_field(pid, "NSpid");
      if (numbers.ends_with("\t" + std::to_string(std::stoi(number_inside)))) {
        worker_0 = pid;
      }
    }
    REQUIRE(worker_0 != 0);
  }

  ChildProcess outside;
  pid_t init = 0;      // Process 1, by its number outside.
  pid_t worker_0 = 0;  // The same.
};

TEST_CASE(
    "a stranger's exit status 3 means nothing to a launcher that is process 1 (catalogue 16)") {
  if (!is_root("make a PID namespace")) {
    return;
  }
  Container container{"orphans"};

  // The strangers end with status 3 one after another; then only the workers are left.
  CHECK(eventually([&] { return children_of(container.init).size() == 2; }));

  CHECK(alive(container.worker_0));
  CHECK(container.outside.running());
  CHECK_FALSE(container.outside.printed_so_far("worker 0 exited"));
  CHECK_FALSE(container.outside.printed_so_far("worker 1 exited"));
  CHECK_FALSE(container.outside.printed_so_far("stopping"));
}

TEST_CASE(
    "a launcher that is process 1 leaves no zombies of a dead worker's children (catalogue 17)") {
  if (!is_root("make a PID namespace")) {
    return;
  }
  Container container{"orphans"};
  ::kill(container.worker_0, SIGKILL);
  container.outside.expect_line("worker 0 died: signal 9");
  container.outside.expect_line("worker 0 ready");

  CHECK(eventually([&] { return children_of(container.init).size() == 2; }));
  CHECK(zombies_of(container.init) == 0);

  ::kill(container.init, SIGTERM);
  CHECK(container.outside.wait_exit() == Exit{.code = 0});
}

TEST_CASE(
    "a launcher that is process 1 reloads, replaces and stops like any other (catalogue 17)") {
  if (!is_root("make a PID namespace")) {
    return;
  }
  Container container{"quiet"};
  ::kill(container.init, SIGHUP);
  container.outside.expect_line("reload finished generation=2");
  CHECK(eventually([&] { return children_of(container.init).size() == 2; }));
  const std::vector<pid_t> workers = children_of(container.init);
  for (const pid_t worker : workers) ::kill(worker, SIGKILL);
  CHECK(eventually([&] {
    const std::vector<pid_t> now = children_of(container.init);
    return now.size() == 2 && now[0] > workers[1];
  }));
  CHECK(zombies_of(container.init) == 0);

  const Stopwatch since_term;
  ::kill(container.init, SIGTERM);
  container.outside.expect_line("stopped status=0");
  CHECK(since_term.elapsed() < with_slack(200ms));
  CHECK(container.outside.wait_exit() == Exit{.code = 0});  // The namespace has to go first.
}

/// A process of ours that has a number of our choice.
class Stranger {
 public:
  explicit Stranger(pid_t wanted) {
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    arguments.set_tid = reinterpret_cast<std::uint64_t>(&wanted);
    arguments.set_tid_size = 1;
    const auto result = ::syscall(SYS_clone3, &arguments, sizeof arguments);
    while (result == 0) {
      ::pause();
    }
    pid_ = static_cast<pid_t>(thane::check(result, "clone3"));
  }
  ~Stranger() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  pid_t pid_ = -1;
};

TEST_CASE("a stranger that got the number of a dead worker is left in peace (catalogue 18)") {
  if (!is_root("choose the number of a process")) {
    return;
  }
  ChildProcess parent{hazard, {"quiet", "2", "--graceful_shutdown_timeout=1"}};
  const std::vector<pid_t> workers = expect_ready(parent, 2);
  ::kill(workers[0], SIGKILL);
  parent.expect_line("worker 0 died: signal 9");
  parent.expect_line("worker 0 ready");
  const Stranger stranger{workers[0]};
  REQUIRE(stranger.pid() == workers[0]);

  parent.signal(SIGUSR1);
  parent.signal(SIGHUP);
  parent.expect_line("reload finished");
  parent.signal(SIGTERM);
  CHECK(parent.wait_exit() == Exit{.code = 0});

  CHECK(alive(stranger.pid()));
}

TEST_CASE("workers that crash at boot are forked ever more rarely (catalogue 19)") {
  const auto begun = Clock::now();
  ChildProcess parent{hazard, {"crash", "2"}};
  const auto ends = [&] {
    return parent.count_so_far("worker 0 exited") + parent.count_so_far("worker 1 exited");
  };

  // The first two and one more are free; then 0.2, 0.4, 0.8 and 1.6 s, less a tenth.
  CHECK(eventually([&] { return ends() >= 7; }));

  CHECK(std::chrono::duration<double>(Clock::now() - begun).count() >= 2.7);
  CHECK(parent.messages_so_far().size() <= 7 + 5 * 4 + 5);  // Their ends; more of the first five.
}

// The first is held back, for they may have died of what is still there; when it lives, the others
// follow.
TEST_CASE("many workers that are killed together are back together (catalogue 19)") {
  constexpr int workers = 16;
  ChildProcess parent{hazard, {"quiet", std::to_string(workers)}};
  for (const pid_t worker : expect_ready(parent, workers)) ::kill(worker, SIGKILL);
  for (int i = 0; i < workers; ++i) {
    parent.expect_line("worker " + std::to_string(i) + " died: signal 9");
  }
  const Stopwatch since_last_death;
  CHECK(eventually([&] { return children_of(parent.pid()).size() == workers; }));
  CHECK(since_last_death.elapsed() < with_slack(1500ms));
}

TEST_CASE("TERM is obeyed at once while crashing workers are held back (catalogue 20)") {
  ChildProcess parent{hazard, {"crash", "2"}};
  parent.expect_line("worker 0 held back");
  const std::size_t started =
      parent.count_so_far("worker 0 started") + parent.count_so_far("worker 1 started");

  const Stopwatch since_term;
  parent.signal(SIGTERM);
  const Exit exit = parent.wait_exit();

  CHECK(since_term.elapsed() < with_slack(200ms));
  CHECK((exit == Exit{.code = 0} || exit == Exit{.code = 1}));
  CHECK(parent.count_so_far("worker 0 started") + parent.count_so_far("worker 1 started") <=
        started + 1);  // One may have been on its way when the line was read.
}

TEST_CASE(
    "no worker can start: status 3 and the reason; one cannot any more: degraded (catalogue 25)") {
  ChildProcess broken{hazard, {"broken", "2"}};
  broken.expect_line("service hazard failed in start: broken on purpose");
  broken.expect_line("service hazard could not start: every worker failed before one was ready");
  CHECK(broken.wait_exit() == Exit{.code = 3});

  const TemporaryDirectory directory;
  const std::string file = directory.write("gate", "");
  ChildProcess parent{
      hazard, {"gate", "2", "--worker_boot_timeout=1"}, {.environment = {"HAZARD_GATE=" + file}}};
  const std::vector<pid_t> workers = expect_ready(parent, 2);
  directory.remove("gate");
  ::kill(workers[0], SIGKILL);
  parent.expect_line("worker 0 killed: worker_boot_timeout");
  CHECK(parent.running());
  CHECK(alive(workers[1]));
  directory.write("gate", "");
  parent.expect_line("worker 0 ready");
}

TEST_CASE("leaps of the wall clock kill nobody and delay nothing (catalogue 21)") {
  ChildProcess parent{jumping_clock, {"2", "--graceful_shutdown_timeout=1"}};
  const std::vector<pid_t> workers = expect_ready(parent, 2);
  for (int i = 0; i < 20; ++i) {
    parent.expect_line("tick");
  }
  CHECK(parent.count_so_far("worker 0 started") == 1);
  CHECK(parent.count_so_far("worker 1 started") == 1);

  ::kill(workers[0], SIGKILL);  // Its replacement is free, the next one is held back for a second.
  ::kill(parent.expect_pid("worker 0 ready pid="), SIGKILL);
  parent.expect_line("worker 0 held back");
  parent.expect_line("worker 0 ready");

  const Stopwatch since_term;
  parent.signal(SIGTERM);
  parent.expect_line("worker 0 killed: graceful_shutdown_timeout");
  CHECK(parent.wait_exit() == Exit{.code = 1});
  CHECK(since_term.elapsed() >= 1s);
  CHECK(since_term.elapsed() < with_slack(1200ms));
}

TEST_CASE("workers do not outlive a parent killed with KILL (catalogue 34)") {
  ChildProcess parent{hazard, {"quiet", "4"}};
  const std::vector<pid_t> workers = expect_ready(parent, 4);

  const Stopwatch since_kill;
  parent.signal(SIGKILL);

  for (const pid_t worker : workers) {
    CHECK(eventually_gone(worker));
  }
  CHECK(since_kill.elapsed() < with_slack(50ms));
}

TEST_CASE("workers that came later do not outlive a parent killed while stopped (catalogue 34)") {
  ChildProcess parent{hazard, {"quiet", "4"}};
  for (const pid_t worker : expect_ready(parent, 4)) ::kill(worker, SIGTERM);
  expect_ready(parent, 4);
  parent.signal(SIGHUP);
  parent.expect_line("reload finished");
  const std::vector<pid_t> workers = expect_ready(parent, 4);
  ::kill(workers[0], SIGSTOP);  // One that cannot hear of it by itself.
  parent.signal(SIGSTOP);
  REQUIRE(eventually([&] { return stopped(parent.pid()); }));

  const Stopwatch since_kill;
  parent.signal(SIGKILL);

  for (std::size_t i = 1; i < workers.size(); ++i) CHECK(eventually_gone(workers[i]));
  CHECK(since_kill.elapsed() < with_slack(50ms));
  ::kill(workers[0], SIGCONT);
  CHECK(eventually_gone(workers[0]));
}

TEST_CASE("busy workers of a dead parent end by the deadline (catalogue 34)") {
  ChildProcess parent{hazard, {"stubborn", "2", "--graceful_shutdown_timeout=1"}};
  const std::vector<pid_t> workers = expect_ready(parent, 2);

  const Stopwatch since_kill;
  parent.signal(SIGKILL);

  for (const pid_t worker : workers) {
    CHECK(eventually_gone(worker));
  }
  CHECK(since_kill.elapsed() >= 1s);
  CHECK(since_kill.elapsed() < with_slack(1500ms));
}

TEST_CASE("a worker that was replaced often holds no sibling's lifeline open (catalogue 36)") {
  ChildProcess parent{hazard, {"quiet", "8"}};
  std::vector<pid_t> workers = expect_ready(parent, 8);
  for (int i = 0; i < 3; ++i) {
    ::kill(workers[0], SIGKILL);
    workers[0] = parent.expect_pid("worker 0 ready pid=");
  }

  parent.signal(SIGKILL);

  for (const pid_t worker : workers) {
    CHECK(eventually_gone(worker));
  }
}

TEST_CASE("a parent killed at any moment of its start leaves no workers (catalogue 37)") {
  for (int moment = 0; moment < repeated(60); ++moment) {
    ChildProcess parent{hazard, {"quiet", "4"}};
    observe_for(std::chrono::milliseconds{moment % 60});
    parent.signal(SIGKILL);

    CHECK(parent.wait_exit() == Exit{.signal = SIGKILL});
    CHECK(eventually([&] { return members_of_group(parent.pid()).empty(); }));
  }
}

TEST_CASE("out of memory the kernel takes a worker before the parent (catalogue 38)") {
  ChildProcess parent{hazard, {"quiet", "2"}};
  const auto score = [](pid_t pid) {
    return std::stoi(read_text("/proc/" + std::to_string(pid) + "/oom_score_adj"));
  };

  for (const pid_t worker : expect_ready(parent, 2)) {
    CHECK(score(worker) > score(parent.pid()));
  }
}

}  // namespace
