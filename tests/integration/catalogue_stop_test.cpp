// What the stop of a server has cost its clients, or has waited for. The number in a test's name is
// the row of the catalogue of failures in docs/testing.md.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/http_hazard.hpp"
#include "support/http_load.hpp"
#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"
#include "support/time_limit.hpp"
#include "support/workers.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

// One connection a worker: the others wait in the queue of the kernel.
TEST_CASE("four requests at work and eight in the queue are twelve answers (catalogue 58)") {
  HttpHazard server{"4", {}, {"--web.wsgi_default_pool_size=1"}};
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 12; ++i) {
    clients.push_back(std::make_unique<HttpClient>(server.port));
    clients.back()->send_get("/slow?seconds=2");
  }
  for (int i = 0; i < 4; ++i) {
    server.parent.expect_line("slow request begun");
  }

  server.parent.signal(SIGTERM);

  for (auto& client : clients) {
    CHECK(client->receive_response().status == 200);
    client.reset();
  }
  CHECK(server.parent.wait_exit() == Exit{.code = 0});
}

enum class Sent { to_parent, to_all };

// What the kernel accepts after the last worker has accepted is reset when the parent ends.
void stop_under_connections(const HttpHazard& server, HttpLoad& load, Sent sent) {
  REQUIRE(load.await_answers(50));
  if (sent == Sent::to_all) {
    server.parent.signal_group(SIGTERM);
  } else {
    server.parent.signal(SIGTERM);
  }
  CHECK(load.await_refusal());
  CHECK(load.end() == no_failures);
}

TEST_CASE("who connects during a stop is answered or refused, never reset (catalogue 58)") {
  for (const char* workers : {"1", "4"}) {
    for (const Sent sent : {Sent::to_parent, Sent::to_all}) {
      for (int i = 0; i < repeated(3); ++i) {
        CAPTURE(workers);
        CAPTURE(sent == Sent::to_all);
        HttpHazard server{workers};
        HttpLoad load{server.port, 8, Connections::anew, {.refusal = Refusal::ends}};
        stop_under_connections(server, load, sent);
        CHECK(server.parent.wait_exit() == Exit{.code = 0});
      }
    }
  }
}

TEST_CASE("the same while answers are waited for (catalogue 58)") {
  HttpHazard server{"4"};
  SlowRequests requests{server, 4};
  HttpLoad load{server.port, 8, Connections::anew, {.refusal = Refusal::ends}};
  stop_under_connections(server, load, Sent::to_parent);
  for (const auto& client : requests.clients) {
    CHECK(client->receive_response().status == 200);
  }
  CHECK(server.parent.wait_exit() == Exit{.code = 0});
}

TEST_CASE("the same over a Unix socket (catalogue 58)") {
  const TemporaryDirectory directory;
  for (const char* workers : {"1", "4"}) {
    CAPTURE(workers);
    HttpHazard server{workers, {}, {"--web.unix_socket=" + directory.file("socket")}};
    HttpLoad load{directory.file("socket"), 8, Connections::anew, {.refusal = Refusal::ends}};
    stop_under_connections(server, load, Sent::to_parent);
    CHECK(server.parent.wait_exit() == Exit{.code = 0});
  }
}

TEST_CASE("a service that restarts in place resets nobody (catalogue 58)") {
  HttpHazard alone{"1"};
  HttpLoad load{alone.port, 4, Connections::anew};
  for (int generation = 2; generation < 6; ++generation) {
    REQUIRE(load.await_answers(50));
    alone.parent.signal(SIGHUP);
    alone.parent.expect_line("reload finished generation=" + std::to_string(generation));
  }
  REQUIRE(load.await_answers(50));
  CHECK(load.end() == no_failures);
}

TEST_CASE("idle connections do not hold up a stop (catalogue 60)") {
  for (const char* workers : {"1", "4"}) {
    CAPTURE(workers);
    HttpHazard server{workers};
    std::vector<std::unique_ptr<HttpClient>> idle;
    for (int i = 0; i < 16; ++i) {
      idle.push_back(std::make_unique<HttpClient>(server.port));
      if (i % 2 == 0) CHECK(idle.back()->get("/pid").status == 200);
    }

    const Stopwatch since_term;
    server.parent.signal(SIGTERM);

    CHECK(server.parent.wait_exit() == Exit{.code = 0});
    CHECK(since_term.elapsed() < with_slack(1s));  // Half of it is for what is on its way.
  }
}

TEST_CASE("answers that never end hold up a stop until its deadline (catalogue 60)") {
  for (const char* workers : {"1", "4"}) {
    CAPTURE(workers);
    HttpHazard server{workers, {}, {"--graceful_shutdown_timeout=1"}};
    std::vector<std::unique_ptr<HttpClient>> streams;
    for (int i = 0; i < 4; ++i) {
      streams.push_back(std::make_unique<HttpClient>(server.port));
      streams.back()->send_get("/endless");
      CHECK(streams.back()->receive_exactly(100'000).size() == 100'000);
    }

    const Stopwatch since_term;
    server.parent.signal(SIGTERM);

    CHECK(server.parent.wait_exit() == Exit{.code = 1});
    CHECK(since_term.elapsed() < with_slack(1200ms));
  }
}

TEST_CASE("a thousand connections that have ended hold up no stop (catalogue 61)") {
  for (const char* workers : {"1", "4"}) {
    CAPTURE(workers);
    HttpHazard server{workers};
    for (int i = 0; i < 1000; ++i) {
      HttpClient client{server.port};
      client.send_raw("GET /pid HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
      if (i % 10 == 0) continue;  // Goes away before it is answered.
      REQUIRE(client.receive_response().status == 200);
    }

    const Stopwatch since_term;
    server.parent.signal(SIGTERM);

    CHECK(server.parent.wait_exit() == Exit{.code = 0});
    CHECK(since_term.elapsed() < with_slack(200ms));
  }
}

TEST_CASE("before a stop health fails for drain_delay, and everybody is served (catalogue 62)") {
  for (const char* workers : {"1", "4"}) {
    for (const Sent sent : {Sent::to_parent, Sent::to_all}) {
      CAPTURE(workers);
      CAPTURE(sent == Sent::to_all);
      HttpHazard server{workers, {}, {"--web.drain_delay=1s"}};
      HttpClient kept{server.port};
      CHECK(kept.get("/ready").status == 200);

      const Stopwatch since_term;
      if (sent == Sent::to_all) {
        server.parent.signal_group(SIGTERM);
      } else {
        server.parent.signal(SIGTERM);
      }
      CHECK(eventually([&] { return http_get(server.port, "/ready").status == 503; }));
      HttpLoad load{server.port, 4, Connections::anew, {.refusal = Refusal::ends}};
      const HttpResponse response = kept.get("/pid");
      CHECK(response.status == 200);
      CHECK(response.header("connection").empty());  // It may go on.

      CHECK(load.await_refusal());
      CHECK(since_term.elapsed() >= 1s);
      CHECK(since_term.elapsed() < with_slack(1100ms));
      CHECK(load.end() == no_failures);
      CHECK(server.parent.wait_exit() == Exit{.code = 0});
    }
  }
}

TEST_CASE("health does not fail while workers are replaced (catalogue 62)") {
  HttpHazard server{"2", {}, {"--web.drain_delay=1s"}};
  std::vector<std::unique_ptr<HttpClient>> kept;
  for (int i = 0; i < 4; ++i) {
    kept.push_back(std::make_unique<HttpClient>(server.port));
    CHECK(kept.back()->get("/ready").status == 200);
  }
  server.parent.signal(SIGHUP);
  server.parent.expect_line("reload finished generation=2");
  for (const auto& client : kept) {
    CHECK(client->get("/ready").status == 200);
  }
}

}  // namespace
