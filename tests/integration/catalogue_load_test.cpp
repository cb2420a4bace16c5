// What has ended launchers and their servers rarely: many repetitions, under load. The number in a
// test's name is the row of the catalogue of failures in docs/testing.md.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/eventually.hpp"
#include "support/hazard.hpp"
#include "support/http_client.hpp"
#include "support/http_hazard.hpp"
#include "support/http_load.hpp"
#include "support/process_info.hpp"
#include "support/time_limit.hpp"
#include "support/workers.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

std::size_t living_children(pid_t parent) {
  const std::vector<pid_t> children = children_of(parent);
  return static_cast<std::size_t>(std::count_if(children.begin(), children.end(), alive));
}

TEST_CASE("a storm of deaths, HUP and USR1 leaves the parent in control (catalogue 2)") {
  ChildProcess parent{hazard, {"quiet", "4", "--log_level=debug"}};
  expect_ready(parent, 4);
  for (int i = 0; i < repeated(sanitized ? 60 : 160); ++i) {
    const std::vector<pid_t> workers = children_of(parent.pid());
    if (!workers.empty()) {
      ::kill(workers[static_cast<std::size_t>(i) % workers.size()], SIGKILL);
    }
    parent.signal(SIGHUP);
    parent.signal(SIGUSR1);
    observe_for(50ms);
  }
  REQUIRE(parent.running());
  CHECK(eventually([&] { return living_children(parent.pid()) == 4; }));

  const Stopwatch since_term;
  parent.signal(SIGTERM);

  CHECK(parent.wait_exit() == Exit{.code = 0});
  CHECK(since_term.elapsed() < with_slack(200ms));
}

TEST_CASE("an idle process that is told to stop ends with status 0, always (catalogue 49)") {
  for (const char* workers : {"1", "2"}) {
    for (int i = 0; i < repeated(sanitized ? 50 : 500); ++i) {
      ChildProcess parent{hazard, {"quiet", workers}};
      parent.expect_line("parent ready");
      parent.signal(SIGTERM);
      REQUIRE(parent.wait_exit() == Exit{.code = 0});
    }
  }
}

TEST_CASE("a process that is told to stop under load ends with status 0, always (catalogue 49)") {
  for (const char* workers : {"1", "2"}) {
    for (int i = 0; i < repeated(sanitized ? 10 : 100); ++i) {
      HttpHazard server{workers};
      HttpLoad load{server.port, 2, Connections::kept};
      REQUIRE(load.await_answers(10));
      server.parent.signal(SIGTERM);
      REQUIRE(server.parent.wait_exit() == Exit{.code = 0});
    }
  }
}

TEST_CASE("eight reloads fail no request on a connection that is used again (catalogue 59)") {
  HttpHazard server{"4"};
  HttpLoad load{server.port, 16, Connections::kept, {.longest_pause = 1s}};
  for (int i = 0; i < 8; ++i) {
    CHECK(load.await_answers(40));
    server.parent.signal(SIGHUP);
    server.parent.expect_line("reload finished generation=" + std::to_string(i + 2));
  }
  CHECK(load.await_answers(40));
  CHECK(load.end() == std::vector<std::string>{});
}

/// Goes away in the middle of an answer that has no end; the server gets a reset or just an end.
void break_off(std::uint16_t port, bool reset) {
  HttpClient client{port};
  client.send_get("/endless");
  char byte = 0;
  REQUIRE(::recv(client.fd(), &byte, 1, 0) == 1);
  if (reset) {
    const linger abort{1, 0};
    ::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  }
}

TEST_CASE("clients that go away in the middle of an answer end nobody (catalogue 66)") {
  for (const char* workers : {"1", "2"}) {
    HttpHazard server{workers};
    const std::vector<pid_t> before = children_of(server.parent.pid());
    for (int i = 0; i < repeated(sanitized ? 200 : 5000); ++i) {
      break_off(server.port, i % 2 == 0);
    }

    CHECK(http_get(server.port, "/pid").status == 200);
    CHECK(children_of(server.parent.pid()) == before);
    server.parent.signal(SIGTERM);
    CHECK(server.parent.wait_exit() == Exit{.code = 0});
  }
}

}  // namespace
