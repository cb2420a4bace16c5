// The number of workers as an option of the configuration, which a reload may change.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "support/eventually.hpp"
#include "support/family.hpp"
#include "support/http_client.hpp"
#include "support/http_load.hpp"
#include "support/process_info.hpp"

using namespace thane::testing;
using namespace std::chrono_literals;

namespace {

std::string with(const std::string& method, int workers, const std::string& more = "") {
  return "[DEFAULT]\nrestart_method = " + method + "\n[a]\nworkers = " + std::to_string(workers) +
         "\n" + more;
}

bool has_workers(const Family& family, std::size_t count) {
  return eventually([&] { return children_of(family.pid()).size() == count; });
}

TEST_CASE("a reload starts as many workers more, or ends as many, as its option says") {
  for (const std::string method : {"reload", "mutate"}) {
    CAPTURE(method);
    Family family{with(method, 2)};
    family.expect_line("parent ready");
    int generation = 1;
    for (const int workers : {5, 1, 3, 3}) {
      CAPTURE(workers);
      family.configure(with(method, workers));
      family.signal(SIGHUP);
      family.expect_line("reload finished generation=" + std::to_string(++generation));
      CHECK(has_workers(family, static_cast<std::size_t>(workers)));
      observe_for(100ms);  // A SIGHUP that comes sooner after another waits.
    }
    family.signal(SIGTERM);
    CHECK(family.wait_exit() == Exit{.code = 0});
    CHECK_FALSE(family.printed("worker 0 held back"));
  }
}

TEST_CASE("with mutate workers that stay are not restarted when others come and go") {
  Family family{with("mutate", 2)};
  const std::vector<pid_t> first{family.ready("0"), family.ready("1")};
  family.configure(with("mutate", 4));
  family.signal(SIGHUP);
  family.ready("2");
  family.ready("3");
  family.expect_line("reload finished generation=2");
  observe_for(100ms);
  family.configure(with("mutate", 1));
  family.signal(SIGHUP);
  family.expect_line("reload finished generation=3");
  CHECK(has_workers(family, 1));
  CHECK(children_of(family.pid()) == std::vector<pid_t>{first[0]});
  CHECK(alive(first[0]));
}

TEST_CASE("a number of workers that makes no sense refuses the reload and changes nothing") {
  for (const std::string method : {"reload", "mutate"}) {
    for (const int workers : {0, -1}) {
      CAPTURE(method);
      CAPTURE(workers);
      Family family{with(method, 2)};
      family.expect_line("parent ready");
      const auto before = children_of(family.pid());
      family.configure(with(method, workers));

      family.signal(SIGHUP);

      family.expect_line(
          "reload failed generation=2 reason=Number of workers should be positive! (a.workers is " +
          std::to_string(workers) + ")");
      CHECK(children_of(family.pid()) == before);
      family.signal(SIGTERM);
      CHECK(family.wait_exit() == Exit{.code = 0});
    }
  }
}

TEST_CASE("a number of workers that makes no sense at launch is an error that names the option") {
  Family family{with("reload", 0)};
  CHECK(family.wait_exit() == Exit{.code = 3});
  CHECK(family.printed("cannot start: Number of workers should be positive! (a.workers is 0)"));
}

TEST_CASE("workers too many that cannot start take the whole reload back") {
  Family family{with("reload", 1)};
  const pid_t before = family.ready("0");
  family.configure(with("reload", 3, "trouble = throw\nat = start\nonly_worker = 2\n"));

  family.signal(SIGHUP);

  const std::string reason = family.expect_line("reload failed generation=2 reason=worker 2 ");
  CHECK(reason.find("trouble in start") != std::string::npos);
  family.expect_line("rolled back to generation=1");
  CHECK(has_workers(family, 1));
  CHECK_FALSE(alive(before));  // It was replaced, and so was its successor.
  family.signal(SIGTERM);
  CHECK(family.wait_exit() == Exit{.code = 0});
}

// The parent would otherwise wait for a moment that has passed already, again and again.
TEST_CASE("a place that is held back and not wanted any more costs nothing") {
  Family family{with("reload", 2, "trouble = exit\nonly_worker = 1\ndelay = 20ms\n")};
  family.expect_line("worker 1 held back for");
  family.configure(with("reload", 1));
  family.signal(SIGHUP);
  family.expect_line("reload finished generation=2");
  CHECK(has_workers(family, 1));
  observe_for(1s);  // Past the moment at which it would have been forked.
  const auto before = cpu_time_of(family.pid());
  observe_for(500ms);
  CHECK(cpu_time_of(family.pid()) - before < 50ms);
  CHECK(children_of(family.pid()).size() == 1);
}

TEST_CASE("clients notice nothing of a number of workers that grows and shrinks") {
  for (const Connections connections : {Connections::anew, Connections::kept}) {
    for (const std::string method : {"reload", "mutate"}) {
      CAPTURE(method);
      CAPTURE(connections == Connections::kept);
      const auto port = free_port();
      const std::string more = "port = " + std::to_string(port) + "\n";
      Family family{with(method, 2, more)};
      family.expect_line("parent ready");
      HttpLoad load{port, 4, connections};
      REQUIRE(load.await_answers(100));
      int generation = 1;
      for (const int workers : {4, 1, 3}) {
        family.configure(with(method, workers, more));
        family.signal(SIGHUP);
        family.expect_line("reload finished generation=" + std::to_string(++generation));
        CHECK(has_workers(family, static_cast<std::size_t>(workers)));
        CHECK(load.await_answers(300));
      }
      CHECK(load.end() == std::vector<std::string>{});
    }
  }
}

}  // namespace
