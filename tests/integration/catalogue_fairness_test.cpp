// Who of several workers takes a connection, and that none is lost when one of them leaves. The
// number in a test's name is the row of the catalogue of failures in docs/testing.md.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
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

/// How many answers came from which worker.
class Shares {
 public:
  void add(const HttpResponse& response) {
    REQUIRE(response.status == 200);
    ++of_[response.body];
  }
  /// The most of one worker for the least of another.
  [[nodiscard]] double uneven(std::size_t workers) const {
    if (of_.size() < workers) return 1e9;
    const auto [least, most] =
        std::ranges::minmax_element(of_, {}, [](const auto& share) { return share.second; });
    return static_cast<double>(most->second) / static_cast<double>(least->second);
  }

 private:
  std::map<std::string, int> of_;
};

using Clients = std::vector<std::unique_ptr<HttpClient>>;

/// How uneven `measure` finds a new server. Where a worker does not get a processor for longer than
/// its siblings have patience with it they take its connections: the best of three counts.
template <class Measure>
double best_of_three(const std::vector<std::string>& arguments, const Measure& measure) {
  double best = 1e9;
  for (int i = 0; i < 3 && best > 1.15; ++i) {
    const HttpHazard server{"4", {}, arguments};
    best = std::min(best, measure(server).uneven(4));
  }
  return best;
}

TEST_CASE("connections that stay are spread over the workers (catalogue 64)") {
  const auto one_by_one = [](const HttpHazard& server) {
    Clients clients;
    Shares shares;
    for (int k = 0; k < 64; ++k) {
      clients.push_back(std::make_unique<HttpClient>(server.port));
      shares.add(clients.back()->get("/pid"));
    }
    return shares;
  };
  const auto all_at_once = [](const HttpHazard& server) {
    Clients clients;
    Shares shares;
    for (int k = 0; k < 64; ++k) {
      clients.push_back(std::make_unique<HttpClient>(server.port));
    }
    for (const auto& client : clients) {
      shares.add(client->get("/pid"));
    }
    return shares;
  };
  for (int i = 0; i < repeated(3); ++i) {
    CHECK(best_of_three({}, one_by_one) <= 1.15);
    CHECK(best_of_three({}, all_at_once) <= 1.15);
  }
}

TEST_CASE("the same over a Unix socket (catalogue 64)") {
  const TemporaryDirectory directory;
  const auto measure = [&](const HttpHazard&) {
    Clients clients;
    Shares shares;
    for (int k = 0; k < 64; ++k) {
      clients.push_back(std::make_unique<HttpClient>(directory.file("socket")));
      shares.add(clients.back()->get("/pid"));
    }
    return shares;
  };
  CHECK(best_of_three({"--web.unix_socket=" + directory.file("socket")}, measure) <= 1.15);
}

TEST_CASE("connections that come and go are spread over the workers (catalogue 64)") {
  const auto measure = [](const HttpHazard& server) {
    Shares shares;
    for (int k = 0; k < 1000; ++k) {
      shares.add(http_get(server.port, "/pid"));
    }
    return shares;
  };
  for (int i = 0; i < repeated(3); ++i) {
    CHECK(best_of_three({}, measure) <= 1.15);
  }
}

std::chrono::milliseconds slowest_connection(const HttpHazard& server) {
  std::chrono::milliseconds slowest{};
  for (int k = 0; k < 100; ++k) {
    const Stopwatch since_connect;
    REQUIRE(http_get(server.port, "/pid").status == 200);
    slowest = std::max(slowest, since_connect.elapsed());
  }
  return slowest;
}

// Each of the others has a connection more: it is the stopped one's turn until they give it up.
TEST_CASE("a worker that is stopped, or spins, stalls no new connection (catalogue 64)") {
  HttpHazard server{"4", {}, {"--worker_timeout=0", "--stall_warning=0"}};
  const std::vector<pid_t> workers = children_of(server.parent.pid());
  Clients kept;
  for (int k = 0; k < 8; ++k) {
    kept.push_back(std::make_unique<HttpClient>(server.port));
    CHECK(kept.back()->get("/pid").status == 200);
  }

  ::kill(workers[0], SIGSTOP);
  REQUIRE(eventually([&] { return stopped(workers[0]); }));
  CHECK(slowest_connection(server) < with_slack(50ms));
  ::kill(workers[0], SIGCONT);

  HttpClient spinning{server.port};
  spinning.send_get("/spin?seconds=5");
  server.parent.expect_line("spinning");
  CHECK(slowest_connection(server) < with_slack(50ms));
}

TEST_CASE("a worker that is held back stalls no new connection (catalogue 64)") {
  HttpHazard server{"4"};
  for (int i = 0; i < 2; ++i) {
    ::kill(server.parent.expect_pid("worker 0 ready pid="), SIGKILL);
    server.parent.expect_line("worker 0 died: signal 9");
  }
  CHECK(slowest_connection(server) < with_slack(50ms));
}

TEST_CASE("workers that leave under load cost no connection (catalogue 57)") {
  HttpHazard server{"4"};
  std::vector<pid_t> workers = expect_ready(server.parent, 4);
  HttpLoad load{server.port, 8, Connections::anew};
  REQUIRE(load.await_answers(100));
  ::kill(workers[0], SIGTERM);
  workers[0] = server.parent.expect_pid("worker 0 ready pid=");
  REQUIRE(load.await_answers(100));
  for (const pid_t worker : workers) {
    ::kill(worker, SIGTERM);  // Now there is a moment in which nobody serves.
  }
  for (std::size_t i = 0; i < workers.size(); ++i) {
    server.parent.expect_line("worker " + std::to_string(i) + " ready pid=");
  }
  REQUIRE(load.await_answers(100));
  CHECK(load.end() == no_failures);
}

// 200 connections wait, and those who could take them are told to leave.
TEST_CASE("a queue survives workers that leave (catalogue 57)") {
  HttpHazard server{"2", {}, {"--web.backlog=300", "--web.wsgi_default_pool_size=1"}};
  const std::vector<pid_t> workers = expect_ready(server.parent, 2);
  SlowRequests slow{server, 2};
  Clients queued;
  for (int k = 0; k < 200; ++k) {
    queued.push_back(std::make_unique<HttpClient>(server.port));
    queued.back()->send_raw("GET /pid HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  }

  ::kill(workers[0], SIGTERM);
  ::kill(workers[1], SIGTERM);

  for (Clients* clients : {&slow.clients, &queued}) {
    for (auto& client : *clients) {
      REQUIRE(client->receive_response().status == 200);
      client.reset();  // Makes way for the next.
    }
  }
}

TEST_CASE("out of descriptors several workers wait as quietly as one (catalogue 63)") {
  HttpHazard server{"3", {.limits = {{RLIMIT_NOFILE, 48}}}};
  const std::vector<pid_t> workers = children_of(server.parent.pid());
  Clients clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(std::make_unique<HttpClient>(server.port));
  }
  const auto full = [](pid_t worker) { return open_fds(worker).size() >= 47; };
  REQUIRE(eventually([&] { return std::ranges::all_of(workers, full); }));

  const auto used = [&] {
    std::chrono::nanoseconds sum{};
    for (const pid_t worker : workers) sum += cpu_time_of(worker);
    return sum;
  };
  const auto used_before = used();
  const std::size_t lines_before = server.parent.messages_so_far().size();
  observe_for(2s);
  CHECK(used() - used_before < 300ms);
  CHECK(server.parent.messages_so_far().size() - lines_before <= 3);

  clients.clear();
  const Stopwatch since_freed;
  CHECK(http_get(server.port, "/pid").status == 200);
  CHECK(since_freed.elapsed() < with_slack(1s));
}

}  // namespace
