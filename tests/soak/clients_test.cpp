// What clients see of a minute of deaths and reloads.
#include <doctest/doctest.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include "support/eventually.hpp"
#include "support/family.hpp"
#include "support/http_client.hpp"
#include "support/http_load.hpp"
#include "support/process_info.hpp"
#include "support/time_limit.hpp"
#include "support/workers.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

constexpr int workers = 4;
constexpr int clients = 16;

/// A program under load for a minute, and what it is like afterwards.
struct Minute {
  explicit Minute(Connections connections) : load{when_ready(), clients, connections} {}

  [[nodiscard]] bool lasts() const { return since_begin.elapsed() < 60s; }
  [[nodiscard]] pid_t some_worker() {
    const auto children = children_of(family.pid());
    return children.empty() ? 0 : children[random() % children.size()];
  }
  /// What became of the requests that were not answered.
  std::vector<std::string> end() {
    std::vector<std::string> lost = load.end();
    CHECK(eventually([&] { return children_of(family.pid()).size() == workers; }));
    CHECK(zombies_of(family.pid()) == 0);
    family.signal(SIGTERM);
    CHECK(family.wait_exit() == Exit{.code = 0});
    return lost;
  }

  std::mt19937 random{1};
  const std::uint16_t port = free_port();
  Family family{serving(workers, port)};
  HttpLoad load;
  const Stopwatch since_begin;

 private:
  std::uint16_t when_ready() {
    family.expect_line("parent ready");
    return port;
  }
};
TEST_CASE("a minute of kill -9 and HUP under load costs what the killed had in hand") {
  for (const Connections connections : {Connections::anew, Connections::kept}) {
    CAPTURE(connections == Connections::kept);
    Minute minute{connections};
    std::size_t killed = 0;
    for (int second = 0; minute.lasts(); ++second) {
      observe_for(std::chrono::milliseconds{500 + minute.random() % 1000});
      if (const pid_t worker = minute.some_worker(); worker != 0) {
        ::kill(worker, SIGKILL);
        ++killed;
      }
      if (second % 5 == 4) minute.family.signal(SIGHUP);
      CHECK(minute.load.await_answers(100));
    }
    const auto lost = minute.end();
    MESSAGE("killed: " << killed << ", lost: " << lost.size()
                       << ", answered: " << minute.load.answers());
    CHECK(lost.size() <= killed * clients);
  }
}

TEST_CASE("a minute of twenty signals a second, to anybody, costs nothing") {
  constexpr std::array noise{SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD, SIGCONT, SIGURG};
  for (const Connections connections : {Connections::anew, Connections::kept}) {
    CAPTURE(connections == Connections::kept);
    Minute minute{connections};
    std::size_t sent = 0;
    while (minute.lasts()) {
      observe_for(50ms);
      const pid_t worker = minute.random() % 2 == 0 ? minute.some_worker() : 0;
      ::kill(worker != 0 ? worker : minute.family.pid(), noise[minute.random() % noise.size()]);
      ++sent;
    }
    MESSAGE("signals: " << sent << ", answered: " << minute.load.answers());
    CHECK(minute.end() == std::vector<std::string>{});
  }
}

}  // namespace
