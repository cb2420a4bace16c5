// Fibers that talk over sockets on the loopback.
#include <thane/stream.hpp>

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <string>
#include <system_error>
#include <thane/acceptor.hpp>
#include <thane/check.hpp>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/listener.hpp>
#include <thane/log.hpp>
#include <thane/timeout.hpp>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using thane::Acceptor;
using thane::Fiber;
using thane::FiberLoop;
using thane::Listener;
using thane::Stream;
using thane::UniqueFd;

std::string read_all(Stream& stream) {
  std::string all;
  std::array<char, 16384> buffer;
  while (const std::size_t size = stream.read_some(buffer)) {
    all.append(buffer.data(), size);
  }
  return all;
}

std::pair<Stream, Stream> make_pair() {
  std::array<int, 2> fds{};
  thane::check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), "socketpair");
  return {Stream{UniqueFd{fds[0]}}, Stream{UniqueFd{fds[1]}}};
}

void in_loop(std::function<void()> body) {
  FiberLoop loop;
  loop.run(std::move(body));
}

void run_out_of_descriptors(std::vector<UniqueFd>& taken) {
  for (;;) {
    UniqueFd fd{::dup(0)};
    if (!fd) {
      return;
    }
    taken.push_back(std::move(fd));
  }
}

int error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::system_error& error) {
    return error.code().value();
  }
  return 0;
}

void echo_once(const Listener& listener, Stream (*connect)(const Listener&)) {
  const std::string text(3'000'000, 'x');  // More than any socket buffer holds.
  Acceptor acceptor{listener};
  const Fiber server = FiberLoop::current().spawn([&] {
    Stream stream = acceptor.accept();
    const std::string got = read_all(stream);
    stream.write_all(got);
    stream.shutdown_write();
  });
  Stream client = connect(listener);
  client.write_all(text);
  client.shutdown_write();
  CHECK(read_all(client) == text);
  server.wait();
}

TEST_CASE("bytes go both ways over TCP") {
  in_loop([] {
    echo_once(Listener::tcp("127.0.0.1", 0),
              [](const Listener& to) { return Stream::connect_tcp("127.0.0.1", to.port()); });
  });
}

TEST_CASE("bytes go both ways over TCP on IPv6") {
  in_loop([] {
    echo_once(Listener::tcp("::1", 0),
              [](const Listener& to) { return Stream::connect_tcp("[::1]", to.port()); });
  });
}

TEST_CASE("bytes go both ways over a socket file") {
  const std::string path = "/tmp/thane-stream-" + std::to_string(::getpid());
  in_loop([&] {
    echo_once(Listener::unix_socket(path),
              [](const Listener& to) { return Stream::connect_unix(to.host()); });
  });
}

TEST_CASE("a host name connects to whichever of its addresses answers") {
  in_loop([] {
    const Listener listener = Listener::tcp("127.0.0.1", 0);
    const Stream stream = Stream::connect_tcp("localhost", listener.port());
    CHECK(stream.peer() == listener.address());
  });
}

TEST_CASE("a refused connection is an error that names the address") {
  in_loop([] {
    Listener listener = Listener::tcp("127.0.0.1", 0);
    listener.close();
    try {
      Stream::connect_tcp("127.0.0.1", listener.port());
      FAIL("connected to nobody");
    } catch (const std::system_error& error) {
      CHECK(std::string{error.what()} ==
            "cannot connect to " + listener.address() + ": Connection refused");
    }
  });
}

TEST_CASE("writing to a peer that is gone is an error and no signal") {
  in_loop([] {
    auto [ours, theirs] = make_pair();
    theirs.close();
    CHECK(error_of([&stream = ours] { stream.write_all("hello"); }) == EPIPE);
  });
}

TEST_CASE("a kill ends a read that waits") {
  in_loop([] {
    auto [ours, theirs] = make_pair();
    bool killed = false;
    const Fiber reader = FiberLoop::current().spawn([&stream = ours, &killed] {
      std::array<char, 8> buffer;
      try {
        stream.read_some(buffer);
      } catch (const thane::fiber_killed&) {
        killed = true;
      }
    });
    thane::this_fiber::yield();
    reader.kill();
    reader.wait();
    CHECK(killed);
  });
}

TEST_CASE("a kill ends a fiber whose socket is always ready") {
  in_loop([] {
    auto [ours, theirs] = make_pair();
    const Fiber writer = FiberLoop::current().spawn([&stream = ours] {
      for (;;) {
        stream.write_all("x");
      }
    });
    const Fiber reader = FiberLoop::current().spawn([&stream = theirs] {
      std::array<char, 1> buffer;
      for (;;) {
        stream.read_some(buffer);
      }
    });
    for (int i = 0; i < 100; ++i) {
      thane::this_fiber::yield();
    }
    writer.kill();
    reader.kill();
    writer.wait();
    reader.wait();
  });
}

TEST_CASE("a timeout ends a read that waits, and the stream can be used after it") {
  in_loop([] {
    auto [ours, theirs] = make_pair();
    std::array<char, 8> buffer;
    {
      const thane::Timeout limit{5ms};
      CHECK_THROWS_AS(ours.read_some(buffer), thane::timeout_error);
    }
    theirs.write_all("late");
    CHECK(ours.read_some(buffer) == 4);
  });
}

TEST_CASE("close ends the reads of other fibers with an error") {
  in_loop([] {
    auto [ours, theirs] = make_pair();
    int error = 0;
    const Fiber reader = FiberLoop::current().spawn([&stream = ours, &error] {
      error = error_of([&stream] {
        std::array<char, 8> buffer;
        stream.read_some(buffer);
      });
    });
    thane::this_fiber::yield();
    ours.close();
    reader.wait();
    CHECK(error == ECANCELED);
    CHECK_FALSE(ours.is_open());
  });
}

TEST_CASE("a released socket stays open and can be adopted again") {
  in_loop([] {
    auto [ours, theirs] = make_pair();
    std::array<char, 8> buffer;
    {
      const thane::Timeout limit{1ms};  // So that the loop has learnt of it.
      CHECK_THROWS_AS(ours.read_some(buffer), thane::timeout_error);
    }
    Stream again{ours.release()};
    CHECK_FALSE(ours.is_open());
    theirs.write_all("hello");
    CHECK(again.read_some(buffer) == 5);
  });
}

TEST_CASE("an acceptor that closes takes nothing from the listener") {
  in_loop([] {
    const Listener listener = Listener::tcp("127.0.0.1", 0);
    int error = 0;
    Acceptor first{listener};
    const Fiber waiting = FiberLoop::current().spawn(
        [&] { error = error_of([&] { static_cast<void>(first.accept()); }); });
    thane::this_fiber::yield();
    first.close();
    waiting.wait();
    CHECK(error == ECANCELED);

    Acceptor second{listener};
    const Stream client = Stream::connect_tcp("127.0.0.1", listener.port());
    CHECK(second.accept().is_open());
  });
}

TEST_CASE("try_accept empties the queue and does not block") {
  in_loop([] {
    const Listener listener = Listener::tcp("127.0.0.1", 0);
    Acceptor acceptor{listener};
    CHECK_FALSE(acceptor.try_accept());
    const Stream one = Stream::connect_tcp("127.0.0.1", listener.port());
    const Stream two = Stream::connect_tcp("127.0.0.1", listener.port());
    CHECK(acceptor.try_accept());
    CHECK(acceptor.try_accept());
    CHECK_FALSE(acceptor.try_accept());
  });
}

TEST_CASE("a killed accept drops no connection") {
  in_loop([] {
    const Listener listener = Listener::tcp("127.0.0.1", 0);
    Acceptor acceptor{listener};
    std::vector<Stream> clients;
    int accepted = 0;
    for (int round = 0; round < 200; ++round) {
      const Fiber fiber = FiberLoop::current().spawn([&] {
        for (;;) {
          const Stream stream = acceptor.accept();
          ++accepted;
        }
      });
      thane::this_fiber::yield();  // It waits now.
      clients.push_back(Stream::connect_tcp("127.0.0.1", listener.port()));
      if (round % 2 == 0) {
        thane::this_fiber::yield();
      }
      fiber.kill();
      fiber.wait();
    }
    while (acceptor.try_accept()) {
      ++accepted;
    }
    CHECK(accepted == 200);
  });
}

TEST_CASE("an acceptor without descriptors pauses, and then takes what waited") {
  in_loop([] {
    const Listener listener = Listener::tcp("127.0.0.1", 0);
    Acceptor acceptor{listener};
    const Stream client = Stream::connect_tcp("127.0.0.1", listener.port());
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit low = before;
    low.rlim_cur = 64;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
    // UBSan opens a pipe when it first looks at an object of some type: let it see those of a line.
    thane::log::warning("out of {} soon", "descriptors");
    std::vector<UniqueFd> taken;
    run_out_of_descriptors(taken);
    bool accepted = false;
    const auto begin = std::chrono::steady_clock::now();
    const Fiber fiber = FiberLoop::current().spawn([&] {
      const Stream stream = acceptor.accept();
      accepted = true;
    });
    thane::this_fiber::yield();
    CHECK_FALSE(accepted);
    CHECK_FALSE(acceptor.try_accept());
    taken.clear();
    fiber.wait();
    CHECK(accepted);
    CHECK(std::chrono::steady_clock::now() - begin >= 100ms);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  });
}

}  // namespace
