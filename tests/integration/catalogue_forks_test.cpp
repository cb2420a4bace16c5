// Forks, and what a child must not share with its parent. The number in a test's name is the row of
// the catalogue of failures in docs/testing.md.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <numeric>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/eventually.hpp"
#include "support/hazard.hpp"
#include "support/process_info.hpp"
#include "support/root.hpp"
#include "support/workers.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

TEST_CASE("a thread that is there before the fork is refused, and the rule named (catalogue 44)") {
  ChildProcess parent{hazard, {"thread", "2"}};

  CHECK(parent.wait_exit() != Exit{.code = 0});

  const std::vector<std::string> messages = parent.messages_so_far();
  CHECK(std::any_of(messages.begin(), messages.end(), [](const std::string& message) {
    return message.find("thread") != std::string::npos;
  }));
  CHECK(parent.count_so_far("worker 0 started") == 0);
}

/// The descriptors of a process that are event machinery: epoll, signalfd, timerfd, eventfd.
std::vector<int> event_fds(pid_t pid) {
  std::vector<int> fds;
  for (const auto& [fd, target] : open_fds(pid)) {
    if (target.starts_with("anon_inode:[")) {
      fds.push_back(fd);
    }
  }
  return fds;
}

TEST_CASE("no two processes share an epoll, a signalfd, a timerfd or an eventfd (catalogue 45)") {
  if (!is_root("compare open files of processes")) {
    return;
  }
  ChildProcess parent{hazard, {"quiet", "3"}};
  std::vector<pid_t> processes = expect_ready(parent, 3);
  ::kill(processes[0], SIGKILL);  // A late one may see what the first ones could not.
  processes[0] = parent.expect_pid("worker 0 ready pid=");
  processes.push_back(parent.pid());

  for (const pid_t one : processes) {
    CHECK_FALSE(event_fds(one).empty());
    for (const pid_t other : processes) {
      for (const int fd : event_fds(one)) {
        for (const int other_fd : event_fds(other)) {
          CHECK((one == other || !same_open_file(one, fd, other, other_fd)));
        }
      }
    }
  }
}

/// Starts programs as a user who has no other processes: a limit on them counts all of a user.
class Nobody {
 public:
  /// Empty if that cannot be done here; says so then.
  static std::optional<Nobody> find() {
    if (!is_root("become another user")) {
      return {};
    }
    const Nobody nobody;
    if (ChildProcess{"/usr/bin/setpriv", nobody.arguments({"/usr/bin/test", "-x", hazard})}
            .wait_exit() != Exit{.code = 0}) {
      MESSAGE("not tested: another user may not read ", hazard);
      return {};
    }
    return nobody;
  }

  /// hazard, of whose processes the user may have so many.
  [[nodiscard]] ChildProcess start(int processes, const std::vector<std::string>& what) const {
    std::vector<std::string> line{"/usr/bin/prlimit",
                                  "--nproc=" + std::to_string(processes) + ":100", hazard};
    line.insert(line.end(), what.begin(), what.end());
    return {"/usr/bin/setpriv", arguments(line)};
  }

  /// By a process of the same user: that needs no privilege that root may lack in a container.
  void lift_limit(pid_t pid) const {
    REQUIRE(ChildProcess{"/usr/bin/setpriv", arguments({"/usr/bin/prlimit", "--pid",
                                                        std::to_string(pid), "--nproc=100:100"})}
                .wait_exit() == Exit{.code = 0});
  }

 private:
  [[nodiscard]] std::vector<std::string> arguments(std::vector<std::string> line) const {
    line.insert(line.begin(), {"--reuid", user_, "--clear-groups"});
    return line;
  }

  std::string user_ = std::to_string(200000 + ::getpid() % 100000);
};

TEST_CASE("a fork that the system refuses is tried again without haste (catalogue 46)") {
  const std::optional<Nobody> nobody = Nobody::find();
  if (!nobody) {
    return;
  }
  ChildProcess parent = nobody->start(3, {"quiet", "4"});
  expect_ready(parent, 2);
  const auto used_before = cpu_time_of(parent.pid());
  observe_for(1s);
  CHECK(cpu_time_of(parent.pid()) - used_before < 50ms);
  CHECK(parent.messages_so_far().size() < 20);

  nobody->lift_limit(parent.pid());

  parent.expect_line("worker 2 ready");
  parent.expect_line("worker 3 ready");
  parent.signal(SIGTERM);
  CHECK(parent.wait_exit() == Exit{.code = 0});
}

TEST_CASE(
    "a reload for which the system refuses a fork fails, and nobody is missing (catalogue 46)") {
  const std::optional<Nobody> nobody = Nobody::find();
  if (!nobody) {
    return;
  }
  for (const int spare : {0, 1}) {  // None for the first new worker, or one for it alone.
    CAPTURE(spare);
    ChildProcess parent = nobody->start(3 + spare, {"quiet", "2"});
    std::vector<pid_t> workers = expect_ready(parent, 2);

    parent.signal(SIGHUP);

    const std::string reason = parent.expect_line("reload failed generation=2 reason=");
    CHECK(reason.starts_with("worker " + std::to_string(spare) + " not forked: "));
    if (spare == 1) {
      workers[0] = parent.expect_pid("worker 0 ready pid=");
    }
    std::sort(workers.begin(), workers.end());
    CHECK(eventually([&] { return children_of(parent.pid()) == workers; }));

    nobody->lift_limit(parent.pid());
    parent.signal(SIGHUP);
    parent.expect_line("reload finished generation=3");
    for (const pid_t worker : workers) {
      CHECK(eventually_gone(worker));
    }
    parent.signal(SIGTERM);
    CHECK(parent.wait_exit() == Exit{.code = 0});
  }
}

TEST_CASE("workers do not draw the same random numbers (catalogue 47)") {
  ChildProcess parent{hazard, {"jitter", "3"}};
  std::vector<std::vector<double>> workers;
  for (int i = 0; i < 3; ++i) {
    std::istringstream pauses{parent.expect_line("pauses in ms: ")};
    workers.emplace_back(std::istream_iterator<double>{pauses}, std::istream_iterator<double>{});
    REQUIRE(workers.back().size() == 12);
  }

  // A pause is drawn with a deviation of 10 ms. Of two workers that draw alike, no two pauses
  // differ by more than the machine's own delays; of two that do not, several of twelve do.
  const auto unlike = [](double one, double other) { return std::abs(one - other) > 5; };
  for (std::size_t i = 0; i < workers.size(); ++i) {
    for (std::size_t k = i + 1; k < workers.size(); ++k) {
      CHECK(std::inner_product(workers[i].begin() + 1, workers[i].end(), workers[k].begin() + 1, 0,
                               std::plus<>{}, unlike) > 0);
    }
  }
}

}  // namespace
