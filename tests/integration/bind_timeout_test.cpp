// A program that is started while its predecessor has the address still.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <thane/listener.hpp>

#include "support/child_process.hpp"
#include "support/http_client.hpp"
#include "support/temporary_directory.hpp"
#include "support/time_limit.hpp"
#include "support/web.hpp"

using namespace std::chrono_literals;
using namespace thane::testing;

namespace {

constexpr const char* web = EXAMPLES_DIR "/web";

std::string waits_for(const std::string& address) {
  return "cannot bind " + address + ", another socket has it; waiting for it, up to 30 s";
}

TEST_CASE("a server waits for the address of its predecessor, and then serves") {
  const TemporaryDirectory directory;
  for (const char* workers : {"1", "2"}) {
    for (const bool by_port : {true, false}) {
      CAPTURE(workers);
      CAPTURE(by_port);
      const auto port = free_port();
      const std::string path = directory.file("web.sock");
      const std::string address = by_port ? "127.0.0.1:" + std::to_string(port) : "unix:" + path;
      std::vector<std::string> arguments{"--workers", workers, "--web-port", std::to_string(port)};
      if (!by_port) arguments.insert(arguments.end(), {"--web-unix-socket", path});

      ChildProcess first{web, arguments};
      first.expect_line("parent ready");
      ChildProcess second{web, arguments};
      second.expect_line(waits_for(address));
      CHECK_FALSE(second.printed_so_far("parent ready"));
      first.signal(SIGTERM);
      CHECK(first.wait_exit() == Exit{.code = 0});

      second.expect_line("parent ready");
      HttpClient client = by_port ? HttpClient{port} : HttpClient{path};
      CHECK(client.get("/").status == 200);
      CHECK(second.count_so_far(waits_for(address)) == 1);
    }
  }
}

TEST_CASE("a wait that was in vain is two lines and status 3") {
  const thane::Listener taken = thane::Listener::tcp("127.0.0.1", 0);
  ChildProcess waiting{web,
                       {"--web-port", std::to_string(taken.port()), "--web-bind-timeout", "0.5"}};
  CHECK(waiting.wait_exit() == Exit{.code = 3});
  const std::string why = "cannot bind " + taken.address() + ", another socket has it";
  CHECK(
      waiting.messages_so_far() ==
      std::vector<std::string>{why + "; waiting for it, up to 0.5 s",
                               "cannot start: " + why + ", for 0.5 s now: Address already in use"});
}

TEST_CASE("a program without a launcher yet is ended by TERM as it waits") {
  const thane::Listener taken = thane::Listener::tcp("127.0.0.1", 0);
  ChildProcess waiting{web, {"--web-port", std::to_string(taken.port())}};
  waiting.expect_line(waits_for(taken.address()));
  waiting.signal(SIGTERM);
  CHECK(waiting.wait_exit() == Exit{.signal = SIGTERM});
}

TEST_CASE("signals that a launcher holds back already end the wait at once") {
  const thane::Listener taken = thane::Listener::tcp("127.0.0.1", 0);
  for (const char* workers : {"1", "2"}) {
    for (const int number : {SIGTERM, SIGINT, SIGQUIT}) {
      CAPTURE(workers);
      CAPTURE(number);
      ChildProcess waiting{PROGRAMS_DIR "/errand",
                           {"--workers", workers, "--errand-port", std::to_string(taken.port())}};
      waiting.expect_line(waits_for(taken.address()));
      const Stopwatch since_signal;
      waiting.signal(number);
      CHECK(waiting.wait_exit() == Exit{.code = 3});
      CHECK(since_signal.elapsed() < with_slack(20ms));
      waiting.expect_line("cannot start: cannot bind " + taken.address() +
                          ", another socket has it, and a signal has ended the wait");
    }
  }
}

}  // namespace
