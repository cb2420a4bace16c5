// The example web under real clients and real signals.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/child_process.hpp"
#include "support/http_client.hpp"
#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"
#include "support/web.hpp"
#include "support/workers.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* example = EXAMPLES_DIR "/web";

std::set<std::string> pids_of(const std::vector<pid_t>& workers) {
  std::set<std::string> texts;
  for (const pid_t pid : workers) texts.insert(std::to_string(pid) + "\n");
  return texts;
}

TEST_CASE("web greets, and answers 404 to what it does not have") {
  for (const int workers : {1, 2}) {
    CAPTURE(workers);
    Web web{example, workers};
    const auto answer = http_get(web.port, "/");
    CHECK(answer.status == 200);
    CHECK(answer.body == "hello from thane\n");
    CHECK(answer.header("content-type") == "text/plain; charset=utf-8");
    CHECK(http_get(web.port, "/nothing").status == 404);
    CHECK(http_get(web.port, "/slow?seconds=soon").status == 400);
    CHECK(web.stop() == Exit{.code = 0});
    CHECK_FALSE(port_answers(web.port));
  }
}

TEST_CASE("while workers are at work on all they have room for, others answer") {
  Web web{example, 3, {"--web-wsgi-default-pool-size", "1"}};
  const auto workers = pids_of(children_of(web.parent.pid()));
  REQUIRE(workers.size() == 3);
  std::set<std::string> seen;
  std::vector<HttpClient> clients;
  while (seen != workers && clients.size() < 6) {
    auto& client = clients.emplace_back(web.port);
    seen.insert(client.get("/pid").body);
    client.send_get("/slow?seconds=60");
  }
  CHECK(seen == workers);
}

TEST_CASE("a request of two seconds is answered although TERM comes after it has begun") {
  for (const int workers : {1, 2}) {
    CAPTURE(workers);
    Web web{example, workers};
    HttpClient slow{web.port};
    slow.send_get("/slow?seconds=2");
    HttpClient before{web.port};
    CHECK(before.get("/").status == 200);  // By then, the slow one has been accepted.

    web.parent.signal(SIGTERM);
    web.parent.expect_line("stopping");

    const auto answer = slow.receive_response();
    CHECK(answer.status == 200);
    CHECK(answer.body == "slept\n");
    CHECK(answer.header("connection") == "close");
    CHECK(web.parent.wait_exit() == Exit{.code = 0});
  }
}

TEST_CASE("connections that wait in the queue at TERM are answered") {
  Web web{example, 1, {"--web-wsgi-default-pool-size", "1"}};
  std::vector<HttpClient> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back(web.port);
    clients.back().send_get("/slow?seconds=0.2");
  }
  web.parent.expect_line("127.0.0.1 \"GET /slow");

  web.parent.signal(SIGTERM);

  for (auto& client : clients) CHECK(client.receive_response().body == "slept\n");
  CHECK(web.parent.wait_exit() == Exit{.code = 0});
}

TEST_CASE("a connection carries many requests, also sent before the first is answered") {
  Web web{example, 1};
  HttpClient client{web.port};
  for (int i = 0; i < 3; ++i) CHECK(client.get("/").status == 200);

  client.send_get("/slow?seconds=0.1");
  client.send_get("/");
  client.send_get("/nothing");
  CHECK(client.receive_response().body == "slept\n");  // In the order of the requests.
  CHECK(client.receive_response().body == "hello from thane\n");
  CHECK(client.receive_response().status == 404);
}

TEST_CASE("an idle keep-alive connection does not hold up a stop") {
  for (const auto& more : {std::vector<std::string>{},
                           std::vector<std::string>{"--web-wsgi-default-pool-size", "1"}}) {
    CAPTURE(more.size());
    Web web{example, 1, more};
    HttpClient idle{web.port};
    CHECK(idle.get("/").status == 200);

    const auto begin = Clock::now();
    CHECK(web.stop() == Exit{.code = 0});
    CHECK(Clock::now() - begin < 5s);  // keep_alive_timeout is 75 s, graceful_linger half of one.
    CHECK(idle.closed_by_server());
  }
}

TEST_CASE("a request on an idle connection is still answered while the server stops") {
  Web web{example, 1, {"--web-graceful-linger", "60"}};
  HttpClient idle{web.port};
  CHECK(idle.get("/").status == 200);

  web.parent.signal(SIGTERM);
  web.parent.expect_line("web stops serving");

  const auto answer = idle.get("/pid");
  CHECK(answer.status == 200);
  CHECK(answer.header("connection") == "close");
  CHECK(idle.closed_by_server());
  CHECK(web.parent.wait_exit() == Exit{.code = 0});
}

TEST_CASE("web serves on a Unix socket with the mode it is told, and removes the file") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("web.sock");
  Web web{example, 2, {"--web-unix-socket", path, "--web-unix-socket-mode", "0600"}};

  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600U);
  HttpClient client{path};
  CHECK(client.get("/").body == "hello from thane\n");
  web.parent.expect_line("- \"GET / HTTP/1.1\" status: 200");

  CHECK(web.stop() == Exit{.code = 0});
  CHECK(::stat(path.c_str(), &status) != 0);
}

TEST_CASE("a port that is taken is one clear line and status 3") {
  for (const int workers : {1, 2}) {
    Web web{example, 1};
    ChildProcess second{example,
                        {"--workers", std::to_string(workers), "--web-port",
                         std::to_string(web.port), "--web-bind-timeout", "0"}};
    CHECK(second.wait_exit() == Exit{.code = 3});
    const auto lines = second.messages_so_far();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0] == "cannot start: cannot bind 127.0.0.1:" + std::to_string(web.port) +
                          ", another socket has it: Address already in use");
  }
}

TEST_CASE("each request is a line of the access log, as wsgi_log_format wants it") {
  Web usual{example, 2};
  CHECK(http_get(usual.port, "/pid?x=1").status == 200);
  const auto rest =
      usual.parent.expect_line("127.0.0.1 \"GET /pid?x=1 HTTP/1.1\" status: 200  len: ");
  CHECK(rest.find(" time: 0.") != std::string::npos);

  Web own{example, 1, {"--web-wsgi-log-format", "%(status_code)s for %(request_line)s, 100%%"}};
  CHECK(http_get(own.port, "/nothing").status == 404);
  own.parent.expect_line("404 for GET /nothing HTTP/1.1, 100%");

  Web silent{example, 1, {"--web-nowsgi-access-log"}};
  CHECK(http_get(silent.port, "/").status == 200);
  CHECK(silent.stop() == Exit{.code = 0});
  CHECK_FALSE(silent.parent.printed("127.0.0.1 "));
}

TEST_CASE("options change at run time with restart_method mutate, on connections that are open") {
  const TemporaryDirectory directory;
  const auto write = [&](std::string_view lines) {
    return directory.write("web.conf",
                           "[DEFAULT]\nrestart_method = mutate\n[web]\n" + std::string{lines});
  };
  const std::string file = write("max_url_len = 100\n");
  Web web{example, 2, {"--config-file", file}};
  const auto workers = children_of(web.parent.pid());
  HttpClient client{web.port};
  const std::string path = "/" + std::string(60, 'x');
  CHECK(client.get(path).status == 404);

  write("max_url_len = 50\nwsgi_log_format = new %(status_code)s\nbacklog = 7\n");
  web.parent.signal(SIGHUP);
  web.parent.expect_line("reload finished generation=");

  CHECK(client.get(path).status == 414);
  web.parent.expect_line("new 414");
  CHECK(children_of(web.parent.pid()) == workers);
  CHECK(web.stop() == Exit{.code = 0});
}

/// BusyClients that ask without pause, each counting what it did not get.
class BusyClients {
 public:
  enum class Reuse { none, connection };

  BusyClients(std::uint16_t port, int count, Reuse reuse) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this, port, reuse] { ask(port, reuse); });
    }
  }
  ~BusyClients() { stop(); }

  void stop() {
    stopping_ = true;
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }
  [[nodiscard]] std::size_t answered() const { return answered_; }
  [[nodiscard]] std::size_t lost() const { return lost_; }

 private:
  void ask(std::uint16_t port, Reuse reuse) {
    while (!stopping_) {
      try {
        HttpClient client{port};
        while (!stopping_) {
          const auto answer = client.get("/pid");
          ++(answer.status == 200 ? answered_ : lost_);
          if (answer.status != 200 || answer.header("connection") == "close") break;
          if (reuse == Reuse::none) break;
        }
      } catch (const std::system_error&) {
        ++lost_;
      }
    }
  }

  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> answered_{0};
  std::atomic<std::size_t> lost_{0};
  std::vector<std::thread> threads_;
};

TEST_CASE("reloads lose no request, neither on new connections nor on those that are reused") {
  for (const auto reuse : {BusyClients::Reuse::none, BusyClients::Reuse::connection}) {
    CAPTURE(reuse == BusyClients::Reuse::connection);
    Web web{example, 2, {"--log-level", "info", "--web-nowsgi-access-log"}};
    BusyClients clients{web.port, 4, reuse};
    for (int generation = 2; generation < 2 + repeated(5); ++generation) {
      const std::size_t before = clients.answered();
      REQUIRE(eventually([&] { return clients.answered() > before + 50; }));
      web.parent.signal(SIGHUP);
      web.parent.expect_line("reload finished generation=" + std::to_string(generation));
    }
    const std::size_t before = clients.answered();
    REQUIRE(eventually([&] { return clients.answered() > before + 50; }));
    clients.stop();

    CHECK(clients.lost() == 0);
    CHECK(web.stop() == Exit{.code = 0});
    CHECK_FALSE(web.parent.printed("worker 0 killed"));
  }
}

TEST_CASE("a worker that is restarted in place by SIGHUP loses no request") {
  Web web{example, 1, {"--web-nowsgi-access-log"}};
  BusyClients clients{web.port, 3, BusyClients::Reuse::connection};
  for (int i = 0; i < 3; ++i) {
    const std::size_t before = clients.answered();
    REQUIRE(eventually([&] { return clients.answered() > before + 50; }));
    web.parent.signal(SIGHUP);
    web.parent.expect_line("reload finished generation=");
  }
  clients.stop();
  CHECK(clients.lost() == 0);
  CHECK(web.stop() == Exit{.code = 0});
}

}  // namespace
