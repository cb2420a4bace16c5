#include "socket_transport.hpp"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <thane/clock.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/internal/watched_fd.hpp>

#include "connection.hpp"

using namespace std::chrono_literals;
using namespace thane;
using namespace thane::wsgi::internal;
using thane::internal::WatchedFd;
using wsgi::Request;
using wsgi::Response;

namespace {

bool has_memory(const char* place) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(place) / page * page;
  unsigned char resident = 0;
  REQUIRE(::mincore(reinterpret_cast<void*>(begin), page, &resident) == 0);
  return (resident & 1) != 0;
}

// A connection that is served on a fiber of its own, and the client at its other end.
struct Served {
  FiberLoop loop{{.time = Time::simulated}};
  Site site;
  Deadlines deadlines;
  Pace pace;
  WatchedFd* fd = nullptr;        // The client's end.
  const char* deepest = nullptr;  // What a request has used of the stack.

  Served() {
    site.application = [this](Request& request) {
      std::array<char, 40'000> deep;
      deep.fill('d');
      deepest = deep.data();
      const std::string body = request.read_all();
      const bool kept = std::ranges::all_of(deep, [](char c) { return c == 'd'; });
      return Response::text((kept ? "hello " : "lost ") + body);
    };
  }

  void run(const std::function<void()>& as_client) {
    loop.run([&] {
      std::array<int, 2> ends{};
      REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) ==
              0);
      WatchedFd own{UniqueFd{ends[0]}};
      const Fiber serving = loop.spawn([this, socket = ends[1]] {
        SocketTransport transport{UniqueFd{socket}, deadlines, pace};
        Connection{site, transport, "192.0.2.1"}.run();
      });
      fd = &own;
      as_client();
      own.close();
      serving.wait();
    });
  }

  void send(std::string_view octets) const {
    REQUIRE(::send(fd->fd(), octets.data(), octets.size(), 0) ==
            static_cast<ssize_t>(octets.size()));
  }
  // All until it ends with `mark`, or there is no more.
  std::string receive(std::string_view mark) const {
    std::string all;
    std::array<char, 4096> octets;
    while (!all.ends_with(mark)) {
      const ssize_t count = fd->attempt(WatchedFd::readable, [&](int number) {
        return ::recv(number, octets.data(), octets.size(), 0);
      });
      if (count <= 0) break;
      all.append(octets.data(), static_cast<std::size_t>(count));
    }
    return all;
  }
  // Until all others wait.
  static void let_others_run() { this_fiber::sleep_for(1ms); }
  void wait_for_long() { CHECK(deadlines.settle(SteadyClock::now() + 1h, 9)); }
};

const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_CASE_FIXTURE(Served,
                  "what a request has used of the stack goes when its connection waits long") {
  run([&] {
    send(get);
    CHECK(receive("hello ").starts_with("HTTP/1.1 200 "));
    CHECK(has_memory(deepest));
    wait_for_long();
    CHECK_FALSE(has_memory(deepest));
    send(get);
    CHECK(receive("hello ").starts_with("HTTP/1.1 200 "));
    CHECK(has_memory(deepest));
  });
}

TEST_CASE_FIXTURE(Served, "no octet is lost that comes when the unused stack goes") {
  run([&] {
    let_others_run();
    wait_for_long();  // For a first request.
    send(get);        // It is in the kernel, and nobody has looked yet.
    wait_for_long();
    CHECK(receive("hello ").starts_with("HTTP/1.1 200 "));
    send(get.substr(0, 7));  // That is in the buffer.
    let_others_run();
    wait_for_long();
    send(get.substr(7) + get.substr(0, 7));
    CHECK(receive("hello ").starts_with("HTTP/1.1 200 "));
    let_others_run();
    wait_for_long();
    send(get.substr(7));
    CHECK(receive("hello ").starts_with("HTTP/1.1 200 "));
  });
}

TEST_CASE_FIXTURE(Served, "an application that waits for a body keeps what is on its stack") {
  run([&] {
    send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc");
    let_others_run();
    wait_for_long();
    CHECK(has_memory(deepest));
    send("def");
    CHECK(receive("def").ends_with("hello abcdef"));
  });
}

TEST_CASE_FIXTURE(Served, "a request that comes when its idle connection is to end is answered") {
  run([&] {
    send(get);
    CHECK(receive("hello ").ends_with("hello "));
    wait_for_long();
    send(get);
    site.draining = true;
    deadlines.expire_all(Waiting::idle);
    CHECK(receive("hello ").find("Connection: close") != std::string::npos);
    CHECK(receive("hello ").empty());
  });
}

TEST_CASE_FIXTURE(Served, "an idle connection ends when it is told to, long wait or not") {
  run([&] {
    send(get);
    CHECK(receive("hello ").ends_with("hello "));
    wait_for_long();
    deadlines.expire_all(Waiting::idle);
    CHECK(receive("hello ").empty());
  });
}

}  // namespace
