// What clients see of a minute of deaths and reloads.
#include <doctest/doctest.h>
#include <signal.h>

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

/// One that runs, not one that drains.
pid_t some_worker(const Family& family, std::mt19937& random) {
  const auto children = children_of(family.pid());
  return children.empty() ? 0 : children[random() % children.size()];
}

TEST_CASE("a minute of kill -9 and HUP under load costs what the killed had in hand") {
  for (const Connections connections : {Connections::anew, Connections::kept}) {
    CAPTURE(connections == Connections::kept);
    std::mt19937 random{1};
    const auto port = free_port();
    Family family{serving(workers, port)};
    family.expect_line("parent ready");
    HttpLoad load{port, clients, connections};
    std::size_t killed = 0;
    const Stopwatch since_begin;
    for (int second = 0; since_begin.elapsed() < 60s; ++second) {
      observe_for(std::chrono::milliseconds{500 + random() % 1000});
      if (const pid_t worker = some_worker(family, random); worker != 0) {
        ::kill(worker, SIGKILL);
        ++killed;
      }
      if (second % 5 == 4) family.signal(SIGHUP);
      CHECK(load.await_answers(100));
    }
    const auto lost = load.end();
    MESSAGE("killed: " << killed << ", lost: " << lost.size() << ", answered: " << load.answers());
    CHECK(lost.size() <= killed * clients);
    CHECK(eventually([&] { return children_of(family.pid()).size() == workers; }));
    CHECK(zombies_of(family.pid()) == 0);
    family.signal(SIGTERM);
    CHECK(family.wait_exit() == Exit{.code = 0});
  }
}

}  // namespace
