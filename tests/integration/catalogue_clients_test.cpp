// What clients have suffered of signals and deaths. The number in a test's name is the row of the
// catalogue of failures in docs/testing.md.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
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

TEST_CASE("a handler that waits in the kernel is not disturbed by signals (catalogue 14)") {
  const auto port = free_port();
  Family family{serving(2, port)};
  const auto workers = expect_ready(family, 2);
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<HttpClient>(port));
    clients.back()->send_get("/kernel?ms=300");
    family.expect_line("request waits in the kernel");
  }

  // One at a time: what comes while the main thread still has one, or is in its handler, may go to
  // any thread.
  for (const int number : {SIGUSR1, SIGUSR2, SIGWINCH, SIGHUP, SIGUSR1, SIGTERM}) {
    for (const pid_t worker : workers) {
      CHECK(eventually([&] { return state_of(worker) == 'S'; }));
      ::kill(worker, number);  // HUP and TERM drain.
      CHECK(eventually([&] { return !signal_in_mask(worker, "ShdPnd", number); }));
    }
  }

  for (const auto& client : clients) {
    const HttpResponse response = client->receive_response();
    CHECK(response.status == 200);
    CHECK(response.body == "0");
  }
}

TEST_CASE("TERM under load answers what was asked, and ends with status 0 (catalogue 15)") {
  for (int i = 0; i < repeated(5); ++i) {
    const auto port = free_port();
    Family family{serving(4, port)};
    family.expect_line("parent ready");
    std::vector<std::unique_ptr<HttpClient>> slow;
    for (int client = 0; client < 8; ++client) {
      slow.push_back(std::make_unique<HttpClient>(port));
      slow.back()->send_get("/slow?ms=300");
      family.expect_line("slow request begun");
    }
    HttpLoad load{port, 16, Connections::kept};
    REQUIRE(load.await_answers(200));

    family.signal(SIGTERM);

    for (const auto& client : slow) {
      CHECK(client->receive_response().status == 200);
    }
    slow.clear();
    CHECK(family.wait_exit() == Exit{.code = 0});
    std::vector<std::string> lost = load.end();
    std::erase(lost, "connect: Connection refused");  // It had stopped when they asked.
    CHECK(lost == std::vector<std::string>{});
  }
}

TEST_CASE("workers killed one after another under load: the others go on serving (catalogue 39)") {
  constexpr int clients = 8;
  const auto port = free_port();
  Family family{serving(4, port)};
  expect_ready(family, 4);
  HttpLoad load{port, clients, Connections::anew};
  std::size_t killed = 0;
  for (int round = 0; round < repeated(sanitized ? 4 : 32); ++round) {
    for (const pid_t worker : children_of(family.pid())) {
      ::kill(worker, SIGKILL);
      ++killed;
      CHECK(eventually_gone(worker));
      CHECK(load.await_answers(100));
    }
    family.signal(SIGHUP);  // After a reload restarts are free again.
    family.expect_line("reload finished");
    CHECK(eventually([&] { return children_of(family.pid()).size() == 4; }));
  }
  CHECK(load.end().size() <= killed * clients);
  CHECK(zombies_of(family.pid()) == 0);
  CHECK(open_fds(family.pid()).size() < 40);
}

}  // namespace
