// The end of a listening socket: what the kernel has accepted is served, what it has not is
// refused.
#include <thane/acceptor.hpp>

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <optional>
#include <system_error>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/listener.hpp>
#include <thane/stream.hpp>
#include <utility>
#include <vector>

#include "support/temporary_directory.hpp"

namespace {

using namespace std::chrono_literals;
using thane::Acceptor;
using thane::FiberLoop;
using thane::Listener;
using thane::Stream;
using thane::testing::TemporaryDirectory;

Stream connect_to(const Listener& listener) {
  if (listener.port() == 0) return Stream::connect_unix(listener.host());
  const bool any = listener.host() == "[::]";
  return Stream::connect_tcp(any ? "127.0.0.1" : listener.host(), listener.port());
}

int error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::system_error& error) {
    return error.code().value();
  }
  return 0;
}

/// A listener of each family; `body` runs in a fiber.
void with_each_listener(const std::function<void(const Listener&)>& body) {
  const TemporaryDirectory directory;
  std::vector<Listener> listeners;
  listeners.push_back(Listener::tcp("127.0.0.1", 0));
  listeners.push_back(Listener::tcp("::1", 0));
  listeners.push_back(Listener::tcp("::", 0));  // Clients of IPv4 come as well.
  listeners.push_back(Listener::unix_socket(directory.file("socket")));
  for (const Listener& listener : listeners) {
    CAPTURE(listener.address());
    FiberLoop loop;
    loop.run([&] { body(listener); });
  }
}

TEST_CASE("new clients are refused in all processes, and those that wait can be taken") {
  with_each_listener([](const Listener& listener) {
    Acceptor acceptor{listener};
    Acceptor of_another_worker{listener};
    const Stream first = connect_to(listener);
    const Stream second = connect_to(listener);

    REQUIRE(acceptor.refuse_new());
    CHECK(of_another_worker.refuse_new());

    CHECK(error_of([&] { connect_to(listener); }) == ECONNREFUSED);
    std::optional<Stream> taken = acceptor.try_accept();
    REQUIRE(taken);
    CHECK(of_another_worker.try_accept());
    taken->write_all("served");
    CHECK_FALSE(acceptor.try_accept());
    const bool is_unix = listener.port() == 0;  // There the queue is all that is left.
    CHECK(acceptor.nothing() ==
          (is_unix ? Acceptor::Nothing::will_come : Acceptor::Nothing::waits));
  });
}

TEST_CASE("when nobody listens any more all who accept are told") {
  with_each_listener([](const Listener& listener) {
    Acceptor acceptor{listener};
    Acceptor of_another_worker{listener};
    CHECK_FALSE(acceptor.try_accept());
    CHECK(acceptor.nothing() == Acceptor::Nothing::waits);
    const bool wakes_who_waits = listener.port() != 0;  // A Unix socket does not.
    int error = 0;
    const auto accept = [&] { error = error_of([&] { of_another_worker.accept(); }); };
    thane::Fiber waiting;
    if (wakes_who_waits) waiting = FiberLoop::current().spawn(accept);
    thane::this_fiber::yield();

    acceptor.end_listening();

    if (wakes_who_waits) {
      waiting.wait();
    } else {
      accept();
    }
    CHECK(error == EINVAL);
    CHECK_FALSE(acceptor.try_accept());
    CHECK(acceptor.nothing() == Acceptor::Nothing::will_come);
    CHECK(error_of([&] { connect_to(listener); }) == ECONNREFUSED);
  });
}

TEST_CASE("without descriptors what waits in the queue is told from an empty one") {
  with_each_listener([](const Listener& listener) {
    Acceptor acceptor{listener};
    const Stream client = connect_to(listener);
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    const bool taken = acceptor.try_accept().has_value();
    ::setrlimit(RLIMIT_NOFILE, &before);

    CHECK_FALSE(taken);
    CHECK(acceptor.nothing() == Acceptor::Nothing::can_be_accepted);
    CHECK(acceptor.try_accept());
  });
}

}  // namespace
