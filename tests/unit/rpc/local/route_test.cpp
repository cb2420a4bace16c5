#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>

#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/thread_group.hpp>
#include <thane/timeout.hpp>

#include "local/local_client.hpp"
#include "support/temporary_directory.hpp"

using namespace thane::rpc::internal;

namespace {

// A socket whose processes all hang: it listens, and nobody accepts.
struct HangingServer {
  thane::testing::TemporaryDirectory folder;
  std::string root = folder.file("rpc");
  SocketDirectory sockets{root, "e", "t"};
  std::string name;
  thane::Listener listener = sockets.bind(SocketRole::topic, "s", name);
};

TEST_CASE_FIXTURE(HangingServer,
                  "who is not taken tries a second connection, and no more than that") {
  thane::FiberLoop loop;
  loop.run([&] {
    const thane::Timeout limit{std::chrono::seconds{10}};
    thane::ThreadGroup calls;
    {
      Route route{root, {.exchange = "e", .topic = "t"}, "t@"};
      const auto call = [&](const std::shared_ptr<Channel>& channel) {
        calls.spawn([channel] {
          CHECK_FALSE(channel->ask(FrameKind::call, json::object(), thane::never, {}, "1"));
        });
        while (channel->outstanding() == 0) thane::this_fiber::yield();
      };
      const auto first = route.pick();
      REQUIRE(first);
      call(first);
      CHECK(first->just_opened());
      const auto second = route.pick();
      REQUIRE(second);
      CHECK(second != first);
      CHECK(first->late());
      CHECK_FALSE(first->just_opened());
      CHECK(route.pick() == second);
      call(second);
      const auto third = route.pick();
      CHECK((third == first || third == second));
    }
    calls.wait();
  });
}

}  // namespace
