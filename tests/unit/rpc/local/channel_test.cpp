#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <thane/fiber.hpp>
#include <thane/rpc/errors.hpp>

#include "local/local_client.hpp"
#include "two_ends.hpp"

using namespace thane::rpc::internal;
using thane::rpc::MessageDeliveryFailure;
using thane::testing::TwoEnds;

namespace {

// The client's side of a connection; the test is the server.
struct ChannelWorld : TwoEnds {
  // What becomes of a call: "7", or why there is no answer.
  thane::Fiber call(std::string& outcome) {
    return loop.spawn([this, &outcome] {
      try {
        const auto reply =
            channel->ask(FrameKind::call, json::object(), thane::never, std::nullopt, "1");
        outcome = reply ? reply->result.dump() : "again";
      } catch (const MessageDeliveryFailure& error) {
        outcome = error.what();
      }
    });
  }
  void say(FrameKind kind, std::uint64_t id = 0) const { peer->send({.kind = kind, .id = id}); }
  // Until the channel has read what it was told.
  void until(bool state) const {
    while (channel->usable() != state) thane::this_fiber::yield();
  }

  std::shared_ptr<Channel> channel = std::make_shared<Channel>(link);
};

TEST_CASE("what nobody had taken is sent again, what somebody had has failed") {
  for (const bool taken : {false, true}) {
    ChannelWorld world;
    world.run([&] {
      world.channel->start();
      std::string outcome;
      const auto waiting = world.call(outcome);
      CHECK(world.peer->next());
      if (taken) world.say(FrameKind::hello, 7);
      world.peer->finish();
      waiting.wait();
      CHECK(outcome ==
            (taken ? "the server's process 7 has ended while it worked on the message" : "again"));
    });
  }
}

TEST_CASE_FIXTURE(ChannelWorld, "who takes leave is sent no more, and still answers") {
  run([&] {
    channel->start();
    say(FrameKind::hello, 7);
    std::string outcome;
    const auto waiting = call(outcome);
    const auto asked = peer->next();
    REQUIRE(asked);
    const std::uint64_t id = asked->id;
    say(FrameKind::drain);
    until(false);
    CHECK_FALSE(peer->next());  // The client has closed its side.
    peer->send({.kind = FrameKind::reply, .id = id, .payload = R"({"result": 7, "ending": true})"});
    waiting.wait();
    CHECK(outcome == "7");
    std::string late;
    call(late).wait();
    CHECK(late == "again");
  });
}

TEST_CASE_FIXTURE(ChannelWorld, "a call that its server has lost fails") {
  run([&] {
    channel->start();
    say(FrameKind::hello, 7);
    std::string outcome;
    const auto waiting = call(outcome);
    const auto asked = peer->next();
    REQUIRE(asked);
    say(FrameKind::lost, asked->id);
    waiting.wait();
    CHECK(outcome == "the server gave no answer to the message");
    CHECK(channel->outstanding() == 0);
  });
}

}  // namespace
