// Workers that are replaced though nothing is wrong with them: clients must not notice. The number
// in a test's name is the row of the catalogue of failures in docs/testing.md.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/eventually.hpp"
#include "support/family.hpp"
#include "support/http_client.hpp"
#include "support/http_load.hpp"
#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"
#include "support/time_limit.hpp"
#include "support/workers.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

/// A service that serves HTTP under these limits.
std::string limited(int workers, std::uint16_t port, const std::string& limits,
                    const std::string& more = "") {
  return "[DEFAULT]\n" + limits + serving(workers, port, more);
}

/// The fewest workers that were ready at any moment since all of them first were.
int fewest_ready(Family& family, int workers) {
  int ready = 0;
  int fewest = workers;
  bool complete = false;
  for (const std::string& message : family.messages_so_far()) {
    if (!message.starts_with("worker ")) continue;
    ready += message.find(" ready pid=") != std::string::npos ? 1 : 0;
    ready -= message.find(" exited: ") != std::string::npos ? 1 : 0;
    complete = complete || ready == workers;
    if (complete) fewest = std::min(fewest, ready);
  }
  return fewest;
}

TEST_CASE("workers under equal load are not recycled at the same moment (catalogue 40)") {
  for (const std::string jitter : {"0", "20"}) {
    CAPTURE(jitter);
    const auto port = free_port();
    Family family{limited(4, port, "max_requests = 500\nrecycle_jitter = " + jitter + "\n",
                          "start_time = 20ms\n")};
    family.expect_line("parent ready");
    HttpLoad load{port, 4, Connections::anew};
    CHECK(eventually([&] { return family.count_lines_with(" recycled: max_requests (") >= 8; }));
    CHECK(load.end() == std::vector<std::string>{});
    CHECK(fewest_ready(family, 4) == 4);  // Its successor comes first.
    CHECK(family.count_lines_with(" held back") == 0);
  }
}

TEST_CASE("with max_unavailable no more than that are missing (catalogue 40)") {
  const auto port = free_port();
  Family family{
      limited(4, port, "max_requests = 500\nmax_unavailable = 1\n", "start_time = 20ms\n")};
  family.expect_line("parent ready");
  HttpLoad load{port, 4, Connections::anew};
  CHECK(eventually([&] { return family.count_lines_with(" recycled: max_requests (") >= 8; }));
  CHECK(load.end() == std::vector<std::string>{});
  CHECK(fewest_ready(family, 4) == 3);
}

TEST_CASE("recycling under load fails no request on a kept connection (catalogue 41)") {
  constexpr int clients = 16;
  const auto port = free_port();
  Family family{limited(4, port, "max_requests = 100\n")};
  family.expect_line("parent ready");
  HttpLoad load{port, clients, Connections::kept};
  for (int i = 0; i < 20; ++i) {
    const Stopwatch since;
    CHECK(load.await_answers(500));
    CHECK(since.elapsed() < with_slack(2000ms));  // Nobody waits for a drain to time out.
  }
  CHECK(eventually([&] { return family.count_lines_with(" recycled: max_requests (") > 20; }));
  CHECK(load.end() == std::vector<std::string>{});
  family.signal(SIGTERM);
  CHECK(family.wait_exit() == Exit{.code = 0});
}

TEST_CASE("a worker that has grown too big ends when its requests are answered (catalogue 42)") {
  const auto port = free_port();
  Family family{limited(2, port, "max_rss = 100\n")};
  family.expect_line("parent ready");
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<HttpClient>(port));
    clients.back()->send_get("/slow?ms=3000");
    family.expect_line("slow request begun");
  }

  CHECK(http_get(port, "/grow?mib=120").status == 200);

  CHECK(eventually(
      [&] { return family.count_lines_with(" recycled: max_rss (100 MiB, it has 1") == 1; }));
  for (const auto& client : clients) {
    CHECK(client->receive_response().status == 200);
  }
  CHECK(eventually([&] { return children_of(family.pid()).size() == 2; }));
  CHECK(family.count_lines_with(" died: ") == 0);
}

TEST_CASE("a worker that has lived for max_lifetime is replaced by a younger one (catalogue 40)") {
  Family family{"[DEFAULT]\nmax_lifetime = 1\nrecycle_jitter = 100\n[a]\nworkers = 3\n"};
  const auto workers = expect_ready(family, 3);
  for (const pid_t worker : workers) {
    CHECK(eventually_gone(worker));
  }
  CHECK(fewest_ready(family, 3) == 3);
  CHECK(family.count_lines_with(" recycled: max_lifetime (") >= 3);
}

// What a crash in its start would be for a reload.
TEST_CASE("a worker whose successor cannot start goes on serving (catalogue 42)") {
  const auto port = free_port();
  const TemporaryDirectory directory;
  const std::string file = directory.file("broken");
  Family family{limited(2, port, "max_requests = 50\n",
                        "trouble = throw\nat = start\nonly_if_file = " + file + "\n")};
  const auto workers = expect_ready(family, 2);
  directory.write("broken", "");
  HttpLoad load{port, 2, Connections::anew};
  CHECK(eventually([&] { return family.count_lines_with(" not recycled: its successor ") >= 1; }));
  CHECK(load.await_answers(500));
  CHECK(load.end() == std::vector<std::string>{});
  CHECK(alive(workers[0]));
  CHECK(alive(workers[1]));
}

}  // namespace
