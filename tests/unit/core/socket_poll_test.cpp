// Watched descriptors: each event once, none lost, none for who has gone.
#include "net/socket_poll.hpp"

#include <doctest/doctest.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <thane/asio.hpp>
#include <thane/check.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/internal/watched_fd.hpp>
#include <thane/offload.hpp>
#include <thane/timeout.hpp>

using namespace std::chrono_literals;
using thane::Duration;
using thane::Fiber;
using thane::FiberLoop;
using thane::UniqueFd;
using thane::internal::SocketPoll;
using thane::internal::WatchedFd;
using thane::internal::Watcher;
namespace this_fiber = thane::this_fiber;

namespace {

constexpr std::uint32_t for_reading = EPOLLIN | EPOLLET;

struct Sockets {
  Sockets() {
    std::array<int, 2> fds{};
    thane::check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds.data()),
                 "socketpair");
    ours.reset(fds[0]);
    theirs.reset(fds[1]);
  }
  void send(std::string_view text) const {
    thane::check(::send(theirs.get(), text.data(), text.size(), 0), "send");
  }
  UniqueFd ours;
  UniqueFd theirs;
};

struct Counter final : Watcher {
  void on_events(std::uint32_t) noexcept override { ++told; }
  void before_sleep() noexcept override { ++asked; }
  void on_poll_gone() noexcept override { gone = true; }
  int told = 0;
  int asked = 0;
  bool gone = false;
};

struct WatchedReader {
  explicit WatchedReader(Sockets& sockets) : fd(std::move(sockets.ours)) {}

  std::string read(std::size_t size) {
    std::string text(size, '\0');
    const ssize_t count = fd.attempt(WatchedFd::readable, [&](int number) {
      ++calls;
      return ::recv(number, text.data(), size, 0);
    });
    text.resize(static_cast<std::size_t>(thane::check(count, "recv")));
    if (text.size() < size) fd.has_no_more(WatchedFd::readable);
    return text;
  }

  WatchedFd fd;
  int calls = 0;
};

void in_loop(FiberLoop::Options options, std::function<void()> body) {
  FiberLoop loop{options};
  loop.run(std::move(body));
}

// How a loop sleeps must not matter to who waits.
void in_both_modes(const std::function<void()>& body) {
  in_loop({}, body);
  in_loop({}, [&] {
    static_cast<void>(thane::io_context());
    body();
  });
}

TEST_CASE("what has come before is told, once, and what comes later too") {
  const Sockets sockets;
  SocketPoll poll;
  Counter counter;
  sockets.send("x");
  const auto ticket = poll.add(sockets.ours.get(), for_reading, counter);
  CHECK(poll.wait(Duration::zero()) == 1);
  CHECK(poll.wait(Duration::zero()) == 0);
  sockets.send("x");
  CHECK(poll.wait({}) == 1);
  poll.change(ticket, sockets.ours.get(), for_reading | EPOLLOUT);
  CHECK(poll.wait(Duration::zero()) == 1);
  CHECK(counter.told == 3);
  poll.remove(ticket, sockets.ours.get());
  CHECK(counter.asked == 0);
}

TEST_CASE("a wait ends no sooner than its limit, to the microsecond") {
  SocketPoll poll;
  const auto begin = std::chrono::steady_clock::now();
  CHECK(poll.wait(300us) == 0);
  CHECK(std::chrono::steady_clock::now() - begin >= 300us);
}

TEST_CASE("the event of a descriptor that is forgotten, but open elsewhere, reaches nobody") {
  Sockets sockets;
  const UniqueFd elsewhere{::dup(sockets.ours.get())};  // As a child of this process would have it.
  SocketPoll poll;
  auto counter = std::make_unique<Counter>();
  const auto ticket = poll.add(sockets.ours.get(), for_reading, *counter);
  poll.forget(ticket);
  counter.reset();
  sockets.ours.reset();
  const Sockets others;
  Counter heir;  // Of the number.
  const auto inherited = poll.add(others.ours.get(), for_reading, heir);
  sockets.send("x");
  CHECK(poll.wait(Duration::zero()) == 1);
  CHECK(heir.told == 0);
  poll.forget(inherited);
}

TEST_CASE("a watcher hears that the set is no more, and forgotten ones do not") {
  const Sockets one;
  const Sockets two;
  Counter first;
  Counter second;
  {
    SocketPoll poll;
    static_cast<void>(poll.add(one.ours.get(), for_reading, first));
    poll.forget(poll.add(two.ours.get(), for_reading, second));
  }
  CHECK(first.gone);
  CHECK_FALSE(second.gone);
}

TEST_CASE("a reader that was given less than it asked for waits without another try") {
  in_both_modes([] {
    Sockets sockets;
    WatchedReader reader{sockets};
    sockets.send("one");
    CHECK(reader.read(10) == "one");
    const Fiber fiber = FiberLoop::current().spawn([&] { CHECK(reader.read(10) == "two"); });
    this_fiber::yield();
    sockets.send("two");
    fiber.wait();
    CHECK(reader.calls == 2);
  });
}

TEST_CASE("the end that comes with the last octets is found") {
  in_both_modes([] {
    Sockets sockets;
    WatchedReader reader{sockets};
    const Fiber fiber = FiberLoop::current().spawn([&] {
      CHECK(reader.read(10) == "bye");
      CHECK(reader.read(10).empty());
    });
    this_fiber::yield();
    sockets.send("bye");
    sockets.theirs.reset();
    fiber.wait();
  });
}

TEST_CASE("a kill, a Timeout, cancel() and close() end a wait, and the next one works") {
  in_both_modes([] {
    Sockets sockets;
    WatchedReader reader{sockets};
    auto outcome = WatchedFd::Outcome::ready;
    const auto wait = [&] { outcome = reader.fd.wait(WatchedFd::readable); };
    const Fiber killed = FiberLoop::current().spawn(wait);
    this_fiber::yield();
    killed.kill();
    killed.wait();
    CHECK(outcome == WatchedFd::Outcome::ready);  // It threw.
    {
      const thane::Timeout limit{1ms};
      CHECK_THROWS_AS(wait(), thane::timeout_error);
    }
    const Fiber cancelled = FiberLoop::current().spawn(wait);
    this_fiber::yield();
    reader.fd.cancel();
    cancelled.wait();
    CHECK(outcome == WatchedFd::Outcome::cancelled);
    sockets.send("late");
    CHECK(reader.read(10) == "late");
    const Fiber closed = FiberLoop::current().spawn(wait);
    this_fiber::yield();
    reader.fd.close();
    closed.wait();
    CHECK_THROWS_AS(wait(), std::system_error);
  });
}

TEST_CASE("who waits to write is told even if nothing has changed") {
  in_both_modes([] {
    Sockets sockets;
    WatchedFd fd{std::move(sockets.ours)};
    for (int i = 0; i < 3; ++i) {
      CHECK(fd.wait(WatchedFd::writable) == WatchedFd::Outcome::ready);
    }
  });
}

TEST_CASE("a loop that turns to Asio while fibers wait goes on to hear of their sockets") {
  in_loop({}, [] {
    Sockets sockets;
    WatchedReader reader{sockets};
    const Fiber fiber = FiberLoop::current().spawn([&] { CHECK(reader.read(10) == "x"); });
    this_fiber::sleep_for(1us);
    static_cast<void>(thane::io_context());
    sockets.send("x");
    fiber.wait();
    CHECK(thane::offload([] { return 7; }) == 7);
  });
}

TEST_CASE("simulated time stands still for threads, jumps for timers, and knows a dead end") {
  for (const bool with_asio : {false, true}) {
    const auto prepare = [with_asio] {
      if (with_asio) static_cast<void>(thane::io_context());
    };
    in_loop({.time = thane::Time::simulated}, [&] {
      prepare();
      Sockets sockets;
      WatchedReader reader{sockets};
      const Fiber fiber = FiberLoop::current().spawn([&] { CHECK(reader.read(10) == "x"); });
      this_fiber::sleep_for(1h);
      thane::offload([&] { sockets.send("x"); });
      fiber.wait();
    });
    FiberLoop loop{{.time = thane::Time::simulated}};
    prepare();
    CHECK_THROWS_AS(loop.run([] { this_fiber::sleep_until(thane::never); }), std::logic_error);
  }
}

}  // namespace
