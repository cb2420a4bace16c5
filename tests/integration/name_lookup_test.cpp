// Host names are looked up beside the loop: a resolver that takes its time holds up one fiber.
//
// The C library's getaddrinfo() is stood in for by one that waits for the test where the name is
// "slow.test"; all other questions go through to the real one.
#include <dlfcn.h>
#include <doctest/doctest.h>
#include <netdb.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>

#include <thane/fiber_loop.hpp>
#include <thane/listener.hpp>
#include <thane/stream.hpp>
#include <thane/timeout.hpp>

#include "support/eventually.hpp"

using namespace std::chrono_literals;
using thane::Fiber;
using thane::FiberLoop;
using thane::Listener;
using thane::Stream;
namespace this_fiber = thane::this_fiber;

namespace {

constexpr std::string_view slow_name = "slow.test";

// The resolver of the test: asked, it answers when it is let.
struct Resolver {
  std::mutex mutex;
  std::condition_variable changed;
  bool may_answer = false;
  bool answered_unasked = false;
  std::atomic<bool> asked = false;
  std::atomic<std::thread::id> last_thread = {};

  // Gives up after patience(): on the loop's thread nobody could ever let it answer.
  void wait() {
    std::unique_lock lock{mutex};
    asked = true;
    answered_unasked =
        !changed.wait_for(lock, thane::testing::patience(), [this] { return may_answer; });
  }
  void answer() {
    const std::lock_guard lock{mutex};
    may_answer = true;
    changed.notify_all();
  }
  void forget() {
    may_answer = answered_unasked = false;
    asked = false;
  }
};
Resolver resolver;

using GetAddrInfo = int(const char*, const char*, const addrinfo*, addrinfo**);

void yield_until(const std::atomic<bool>& flag) {
  while (!flag) {
    this_fiber::yield();
  }
}

}  // namespace

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** found) {
  static auto* const real = reinterpret_cast<GetAddrInfo*>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  resolver.last_thread = std::this_thread::get_id();
  if (node != nullptr && node == slow_name && (hints->ai_flags & AI_NUMERICHOST) == 0) {
    resolver.wait();
    node = "127.0.0.1";
  }
  return real(node, service, hints, found);
}

namespace {

TEST_CASE("a resolver that is slow holds up the fiber that asks, and no other") {
  resolver.forget();
  FiberLoop loop;
  loop.run([&] {
    const Listener listener = Listener::tcp("127.0.0.1", 0);
    const Fiber client = loop.spawn([&] {
      const Stream stream = Stream::connect_tcp(slow_name, listener.port());
      CHECK(stream.peer() == listener.address());
    });
    yield_until(resolver.asked);
    for (int i = 0; i < 100; ++i) {
      this_fiber::yield();
    }
    CHECK_FALSE(client.done());
    CHECK(resolver.last_thread.load() != std::this_thread::get_id());
    resolver.answer();
    client.wait();
  });
  CHECK_FALSE(resolver.answered_unasked);
}

TEST_CASE("a timeout that passes during a lookup comes when the resolver has answered") {
  resolver.forget();
  FiberLoop loop;
  loop.run([&] {
    const Listener listener = Listener::tcp("127.0.0.1", 0);
    bool timed_out = false;
    const Fiber client = loop.spawn([&] {
      try {
        const thane::Timeout limit{1ms};
        Stream::connect_tcp(slow_name, listener.port());
      } catch (const thane::timeout_error&) {
        timed_out = true;
      }
    });
    yield_until(resolver.asked);
    this_fiber::sleep_for(2ms);
    CHECK_FALSE(client.done());
    resolver.answer();
    client.wait();
    CHECK(timed_out);
  });
}

TEST_CASE("an address needs no lookup, and so no thread") {
  FiberLoop loop{{.offload_threads = 1}};
  loop.run([&] {
    for (const char* host : {"127.0.0.1", "[127.0.0.1]", ""}) {
      const Listener listener = Listener::tcp("127.0.0.1", 0);
      try {
        Stream::connect_tcp(host, listener.port());
      } catch (const std::system_error&) {  // The loopback of an empty host may be ::1 alone.
      }
      CHECK(resolver.last_thread.load() == std::this_thread::get_id());
    }
  });
}

TEST_CASE("a name that nobody knows is an error that names it") {
  FiberLoop loop;
  loop.run([] {
    try {
      Stream::connect_tcp("no such host", 80);
      FAIL("connected to nobody");
    } catch (const std::system_error& error) {
      CHECK(std::string_view{error.what()}.starts_with(
          "cannot resolve the host name \"no such host\""));
    }
  });
}

}  // namespace
