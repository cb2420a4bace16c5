// What the clients of a service see of signals to its launcher: nothing, wherever possible.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "support/http_client.hpp"
#include "support/http_hazard.hpp"
#include "support/http_load.hpp"
#include "support/process_info.hpp"
#include "support/time_limit.hpp"
#include "support/workers.hpp"

using namespace thane::testing;
using namespace std::chrono_literals;

namespace {

// E7, E30: the original lost every other request.
TEST_CASE("reloads under load cost no request, on new connections or on kept ones") {
  for (const Connections connections : {Connections::anew, Connections::kept}) {
    CAPTURE(connections == Connections::kept);
    HttpHazard server{"4"};
    HttpLoad load{server.port, 16, connections};
    REQUIRE(load.await_answers(100));

    for (int i = 0; i < 8; ++i) {
      server.parent.signal(SIGHUP);
      server.parent.expect_line("reload finished generation=");
      CHECK(load.await_answers(300));
    }

    CHECK(load.end() == no_failures);
    server.parent.signal(SIGTERM);
    CHECK(server.parent.wait_exit() == Exit{.code = 0});
  }
}

// E30: what the dying worker had in hand is lost, and nothing else. One client has one request at a
// time in hand; of four clients chance may bring all to one worker.
TEST_CASE("a worker killed under load costs at most the requests that it had in hand") {
  for (const int clients : {1, 4}) {
    CAPTURE(clients);
    HttpHazard server{"4"};
    const auto workers = expect_ready(server.parent, 4);
    HttpLoad load{server.port, clients, Connections::anew};
    REQUIRE(load.await_answers(100));

    for (std::size_t i = 0; i < workers.size(); ++i) {
      ::kill(workers[i], SIGKILL);
      server.parent.expect_line("worker " + std::to_string(i) + " died: signal 9");
      CHECK(load.await_answers(300));
    }

    CHECK(load.end().size() <= workers.size() * static_cast<std::size_t>(clients));
  }
}

// E10
TEST_CASE("SIGINT does not wait for the answer that a client waits for") {
  for (const char* workers : {"1", "2"}) {
    CAPTURE(workers);
    HttpHazard server{workers};
    SlowRequests requests{server, 1, "/slow?seconds=5"};

    const Stopwatch since_int;
    server.parent.signal(SIGINT);

    CHECK(server.parent.wait_exit() == Exit{.code = 1});
    CHECK(since_int.elapsed() < with_slack(200ms));
    CHECK(members_of_group(server.parent.pid()).empty());
    CHECK(requests.clients[0]->receive_response().status == 0);
    CHECK_FALSE(port_answers(server.port));
  }
}

// E11: the original's server cuts it.
TEST_CASE("an answer that is wanted at SIGTERM is delivered whole, and then the program ends") {
  for (const char* workers : {"1", "2"}) {
    CAPTURE(workers);
    HttpHazard server{workers, {}, {"--graceful_shutdown_timeout=7"}};
    SlowRequests requests{server, 3, "/slow?seconds=2"};

    const Stopwatch since_term;
    server.parent.signal(SIGTERM);

    server.parent.expect_line("stopping");
    observe_for(1s);
    CHECK(server.parent.running());
    for (auto& client : requests.clients) {
      const HttpResponse response = client->receive_response();
      CHECK(response.status == 200);
      CHECK(response.header("connection") == "close");
      CHECK(std::stoi(response.body) > 0);
      client.reset();  // As it was told to.
    }
    CHECK(server.parent.wait_exit() == Exit{.code = 0});
    CHECK(since_term.elapsed() < with_slack(2200ms));
  }
}

// E11, with the head and a part of the body sent already.
TEST_CASE("a body that is half sent at SIGTERM is sent to its end") {
  std::string all_pieces;
  for (int piece = 1; piece <= 20; ++piece) {
    all_pieces += "piece " + std::to_string(piece) + "\n";
  }
  for (const char* workers : {"1", "2"}) {
    CAPTURE(workers);
    HttpHazard server{workers, {}, {"--graceful_shutdown_timeout=7"}};
    auto slow_sender = std::make_unique<HttpClient>(server.port);
    slow_sender->send_get("/trickle");
    auto slow_reader = std::make_unique<HttpClient>(server.port);
    slow_reader->send_get("/big");  // 8 MiB are more than the kernel holds for it.
    CHECK(slow_sender->await("piece 2\n"));
    CHECK(slow_reader->await("\r\n\r\n"));

    server.parent.signal(SIGTERM);

    server.parent.expect_line("stopping");
    CHECK(slow_sender->receive_response().body == all_pieces);
    slow_sender.reset();
    CHECK(slow_reader->receive_response().body.size() == 8 * 1024 * 1024);
    slow_reader.reset();
    CHECK(server.parent.wait_exit() == Exit{.code = 0});
  }
}

// E12: the original died of its own SIGALRM and left the workers to themselves.
TEST_CASE("a client that is not answered by the deadline keeps nobody alive: status 1") {
  for (const char* workers : {"1", "2"}) {
    CAPTURE(workers);
    HttpHazard server{workers, {}, {"--graceful_shutdown_timeout=1"}};
    SlowRequests requests{server, 4, "/slow?seconds=60"};

    const Stopwatch since_term;
    server.parent.signal(SIGTERM);

    CHECK(server.parent.wait_exit() == Exit{.code = 1});
    CHECK(since_term.elapsed() >= 1s);
    CHECK(since_term.elapsed() < with_slack(1200ms));
    CHECK(server.parent.count_so_far("worker 0 killed: graceful_shutdown_timeout pid=") +
              server.parent.count_so_far("worker 1 killed: graceful_shutdown_timeout pid=") >=
          1);
    CHECK(members_of_group(server.parent.pid()).empty());
    for (const auto& client : requests.clients) {
      CHECK(client->receive_response().status == 0);
    }
  }
}

// The head of such an answer was sent before SIGTERM, so it promises a connection that is kept.
TEST_CASE("a connection whose body ends after the linger of idle ones does not hold the stop up") {
  for (const char* workers : {"1", "2"}) {
    CAPTURE(workers);
    HttpHazard server{workers, {}, {"--graceful_shutdown_timeout=7"}};
    HttpClient client{server.port};
    client.send_get("/trickle");
    CHECK(client.await("piece 2\n"));

    server.parent.signal(SIGTERM);

    const HttpResponse response = client.receive_response();
    CHECK(response.body.ends_with("piece 20\n"));
    const Stopwatch since_last_octet;
    CHECK(server.parent.wait_exit() == Exit{.code = 0});
    CHECK(since_last_octet.elapsed() < with_slack(1500ms));
  }
}

}  // namespace
