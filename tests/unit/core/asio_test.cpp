// thane::await: Asio's operations block the calling fiber alone.
#include <doctest/doctest.h>

#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <string>

#include <thane/asio.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/timeout.hpp>

using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::local::stream_protocol;
using thane::Fiber;
using thane::FiberLoop;
namespace this_fiber = thane::this_fiber;

namespace {

struct Pair {
  FiberLoop loop;
  stream_protocol::socket left{thane::io_context()};
  stream_protocol::socket right{thane::io_context()};

  Pair() { asio::local::connect_pair(left, right); }
};

TEST_CASE_FIXTURE(Pair, "a fiber that reads gets what another one writes") {
  std::string got(5, '\0');
  loop.run([&] {
    loop.spawn([&] { asio::write(right, asio::buffer("hello", 5)); });
    const std::size_t n = asio::async_read(left, asio::buffer(got), thane::await);
    CHECK(n == 5);
  });
  CHECK(got == "hello");
}

TEST_CASE_FIXTURE(Pair, "many round trips in both directions") {
  loop.run([&] {
    const Fiber echo = loop.spawn([&] {
      char c = 0;
      boost::system::error_code error;
      while (asio::async_read(left, asio::buffer(&c, 1), thane::await[error]) == 1) {
        asio::async_write(left, asio::buffer(&c, 1), thane::await);
      }
      CHECK(error == asio::error::eof);
    });
    for (int i = 0; i < 1000; ++i) {
      const char sent = static_cast<char>(i);
      char got = 0;
      asio::async_write(right, asio::buffer(&sent, 1), thane::await);
      asio::async_read(right, asio::buffer(&got, 1), thane::await);
      REQUIRE(got == sent);
    }
    right.close();
    echo.wait();
  });
}

TEST_CASE_FIXTURE(Pair, "an error is thrown, or stored where told") {
  loop.run([&] {
    right.close();
    char c = 0;
    CHECK_THROWS_AS(asio::async_read(left, asio::buffer(&c, 1), thane::await),
                    boost::system::system_error);
    boost::system::error_code error;
    CHECK(asio::async_read(left, asio::buffer(&c, 1), thane::await[error]) == 0);
    CHECK(error == asio::error::eof);
  });
}

TEST_CASE_FIXTURE(Pair, "a kill ends a loop that ignores error codes") {
  loop.run([&] {
    const Fiber fiber = loop.spawn([&] {
      for (;;) {
        char c = 0;
        boost::system::error_code ignored;
        asio::async_read(left, asio::buffer(&c, 1), thane::await[ignored]);
      }
    });
    this_fiber::yield();
    fiber.kill();
    fiber.wait();
    CHECK(fiber.error() == nullptr);
  });
}

TEST_CASE("a kill never drops an accept that has completed") {
  FiberLoop loop;
  auto& io = thane::io_context();
  const stream_protocol::endpoint address{std::string("\0thane-accept-test-", 19) +
                                          std::to_string(::getpid())};
  stream_protocol::acceptor acceptor{io, address};
  stream_protocol::socket client{io};
  bool accepted = false;
  bool reached = false;
  loop.run([&] {
    const Fiber fiber = loop.spawn([&] {
      // The handler that resumes this fiber kills it first: the accept has succeeded by then.
      stream_protocol::socket socket = acceptor.async_accept(thane::await);
      accepted = socket.is_open();
      CHECK(this_fiber::killed());
      this_fiber::yield();
      reached = true;
    });
    this_fiber::yield();
    client.connect(address);
    io.poll();  // Completes the accept inside our call: the fiber is ready, but has not run.
    CHECK_FALSE(accepted);
    fiber.kill();
    fiber.wait();
  });
  CHECK(accepted);
  CHECK_FALSE(reached);
}

TEST_CASE_FIXTURE(Pair,
                  "a Timeout cancels the operation it interrupts, and the socket stays usable") {
  loop.run([&] {
    char c = 0;
    {
      thane::Timeout limit{1ms};
      CHECK_THROWS_AS(asio::async_read(left, asio::buffer(&c, 1), thane::await),
                      thane::timeout_error);
    }
    asio::write(right, asio::buffer("x", 1));
    asio::async_read(left, asio::buffer(&c, 1), thane::await);
    CHECK(c == 'x');
  });
}

TEST_CASE("operations without results and plain callbacks work beside fibers") {
  FiberLoop loop;
  bool called = false;
  loop.run([&] {
    asio::post(thane::io_context(), thane::await);
    asio::post(thane::io_context(), [&] { called = true; });
    asio::steady_timer timer{thane::io_context(), 1ms};
    timer.async_wait(thane::await);
  });
  CHECK(called);
}

TEST_CASE("an operation whose handler is destroyed uncalled does not leave the fiber waiting") {
  FiberLoop loop;
  loop.run([&] {
    auto abandon = [](auto handler) { auto gone = std::move(handler); };
    CHECK_THROWS_AS((asio::async_initiate<const thane::Await&, void(int)>(abandon, thane::await)),
                    boost::system::system_error);
  });
}

TEST_CASE("several values come back as a tuple") {
  FiberLoop loop;
  loop.run([&] {
    auto give = [](auto handler) { std::move(handler)(boost::system::error_code{}, 7, 'x'); };
    const auto [number, letter] =
        asio::async_initiate<const thane::Await&, void(boost::system::error_code, int, char)>(
            give, thane::await);
    CHECK(number == 7);
    CHECK(letter == 'x');
  });
}

}  // namespace
