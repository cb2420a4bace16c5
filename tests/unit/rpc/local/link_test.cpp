#include "local/link.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <thane/fiber.hpp>

#include "two_ends.hpp"

using namespace thane::rpc::internal;
using thane::testing::TwoEnds;

namespace {

using Words = std::vector<std::string>;

struct LinkWorld : TwoEnds {
  // More than a socket takes.
  void send_much() const {
    const std::string payload(2 * Link::high_water, 'x');
    link->send({.kind = FrameKind::reply, .payload = payload});
  }
  // A fiber for which `body` is run, and which has come as far as it gets.
  template <class Body>
  thane::Fiber beside(Body body) {
    thane::Fiber fiber = loop.spawn(body);
    for (int i = 0; i < 5; ++i) thane::this_fiber::yield();
    return fiber;
  }
};

TEST_CASE_FIXTURE(LinkWorld, "who sends waits while much is to be written, until the peer reads") {
  run([&] {
    send_much();
    thane::this_fiber::yield();  // Its writer is at it.
    send_much();
    bool through = false;
    const auto waiting = beside([&] {
      link->wait_for_room();
      through = true;
    });
    CHECK_FALSE(through);
    CHECK(peer->next());
    waiting.wait();
    CHECK(through);
    CHECK(peer->next());
    link->flush();
  });
}

TEST_CASE_FIXTURE(LinkWorld, "nobody waits for a link that is broken") {
  run([&] {
    send_much();
    thane::this_fiber::yield();
    send_much();
    const auto for_room = beside([&] { link->wait_for_room(); });
    const auto for_all = beside([&] { link->flush(); });
    link->close();
    for_room.wait();
    for_all.wait();
    CHECK_FALSE(link->next());
    send_much();  // To nobody.
    link->flush();
  });
}

TEST_CASE_FIXTURE(LinkWorld,
                  "what was sent before the end arrives, what is sent behind it does not") {
  run([&] {
    link->send({.kind = FrameKind::hello, .id = 7});
    link->send({.kind = FrameKind::taken, .id = 8});
    link->finish();
    link->send({.kind = FrameKind::taken, .id = 9});
    CHECK(to_the_end() == Words{"1 7", "7 8"});
    peer->send({.kind = FrameKind::reply, .id = 10});  // The other way is still open.
    const auto frame = link->next();
    REQUIRE(frame);
    CHECK(frame->id == 10);
  });
}

TEST_CASE_FIXTURE(LinkWorld, "no more is read while a thousand messages are at work") {
  run([&] {
    for (std::size_t i = 0; i < Link::most_at_work; ++i) {
      link->wait_for_work();
      link->work_began();
    }
    bool through = false;
    const auto waiting = beside([&] {
      link->wait_for_work();
      through = true;
    });
    CHECK_FALSE(through);
    link->work_ended();
    waiting.wait();
    CHECK(through);
  });
}

}  // namespace
