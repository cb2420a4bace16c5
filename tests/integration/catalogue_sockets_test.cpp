// What launchers and their servers have done to clients. The number in a test's name is the row of
// the catalogue of failures in docs/testing.md.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/http_hazard.hpp"
#include "support/process_info.hpp"
#include "support/time_limit.hpp"
#include "support/workers.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

using Clock = std::chrono::steady_clock;

TEST_CASE("a group TERM drains every worker (catalogue 11)") {
  HttpHazard server{"3"};
  SlowRequests requests{server, 8};

  server.parent.signal_group(SIGTERM);

  for (const auto& client : requests.clients) {
    CHECK(client->receive_response().status == 200);
  }
  CHECK(server.parent.wait_exit() == Exit{.code = 0});
}

TEST_CASE("a group HUP is one reload and costs no answer (catalogue 11)") {
  HttpHazard server{"3"};
  SlowRequests requests{server, 8};

  server.parent.signal_group(SIGHUP);

  server.parent.expect_line("reload finished generation=2");
  for (const auto& client : requests.clients) {
    CHECK(client->receive_response().status == 200);
  }
  CHECK(http_get(server.port, "/pid").status == 200);
  server.parent.signal(SIGTERM);
  CHECK(server.parent.wait_exit() == Exit{.code = 0});
  CHECK(server.parent.count_so_far("reload started generation=") == 1);
}

TEST_CASE("signals repeated to workers that drain abort nothing (catalogue 12)") {
  HttpHazard server{"2"};
  SlowRequests requests{server, 6};

  server.parent.signal(SIGHUP);
  server.parent.expect_line("reload finished generation=2");
  server.parent.signal(SIGHUP);
  server.parent.expect_line("reload finished generation=3");
  server.parent.signal(SIGTERM);
  server.parent.signal_group(SIGTERM);  // For those that drain it is the second or the third.

  for (const auto& client : requests.clients) {
    CHECK(client->receive_response().status == 200);
  }
  CHECK(server.parent.wait_exit() == Exit{.code = 0});
}

TEST_CASE("out of descriptors a server waits quietly and recovers at once (catalogue 63)") {
  HttpHazard server{"1", {.limits = {{RLIMIT_NOFILE, 48}}}};
  const pid_t pid = server.parent.pid();
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 120; ++i) {
    clients.push_back(std::make_unique<HttpClient>(server.port));
  }
  REQUIRE(eventually([&] { return open_fds(pid).size() >= 47; }));

  const auto used_before = cpu_time_of(pid);
  const std::size_t lines_before = server.parent.messages_so_far().size();
  observe_for(2s);
  CHECK(cpu_time_of(pid) - used_before < 100ms);
  CHECK(server.parent.messages_so_far().size() - lines_before <= 3);

  clients.clear();
  const auto freed = Clock::now();
  CHECK(http_get(server.port, "/pid").status == 200);
  CHECK(Clock::now() - freed < 1s);
}

TEST_CASE("out of descriptors a server hears its signals (catalogue 63)") {
  for (const char* workers : {"1", "2"}) {
    CAPTURE(workers);
    HttpHazard server{workers, {.limits = {{RLIMIT_NOFILE, 48}}}};
    std::vector<std::unique_ptr<HttpClient>> clients;
    for (int i = 0; i < 120; ++i) {
      clients.push_back(std::make_unique<HttpClient>(server.port));
    }
    server.parent.expect_line("cannot accept on ");

    for (const int number : {SIGUSR1, SIGUSR1, SIGUSR2, SIGUSR2}) {
      server.parent.signal_group(number);
      observe_for(10ms);  // One by one.
    }
    server.parent.signal(SIGHUP);
    server.parent.expect_line("reload finished generation=2");
    CHECK(server.parent.running());
    CHECK_FALSE(server.parent.printed_so_far("worker 0 died"));

    const Stopwatch since_term;
    server.parent.signal(SIGTERM);
    CHECK(server.parent.wait_exit() == Exit{.code = 0});
    CHECK(since_term.elapsed() < with_slack(2s));  // Idle connections are given half a second.
  }
}

TEST_CASE("signals are heard while a thread takes every descriptor that is free (catalogue 63)") {
  for (const char* workers : {"1", "2"}) {
    CAPTURE(workers);
    ChildProcess parent{
        PROGRAMS_DIR "/hazard", {"hoard", workers}, {.limits = {{RLIMIT_NOFILE, 48}}}};
    parent.expect_line("no descriptor is left");
    parent.expect_line("parent ready");
    for (int i = 0; i < 20; ++i) {
      parent.signal_group(SIGUSR2);
      observe_for(5ms);
    }

    const Stopwatch since_term;
    parent.signal(SIGTERM);
    CHECK(parent.wait_exit() == Exit{.code = 0});
    CHECK(since_term.elapsed() < with_slack(200ms));
  }
}

}  // namespace
