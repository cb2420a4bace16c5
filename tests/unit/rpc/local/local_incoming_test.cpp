#include "local/local_incoming.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "two_ends.hpp"

using namespace thane::rpc::internal;
using thane::testing::TwoEnds;

namespace {

using Words = std::vector<std::string>;

struct IncomingWorld : TwoEnds, Receiver {
  void receive(std::unique_ptr<Incoming> message) noexcept override { again = std::move(message); }
  std::unique_ptr<Incoming> come(FrameKind kind, std::int64_t expires = 5'000'000'000) {
    return std::make_unique<LocalIncoming>(
        link,
        Frame{.kind = kind,
              .id = 7,
              .expires = expires,
              .payload = R"({"method": "m", "_msg_id": "1", "_context_user": "u"})"},
        *this);
  }
  Words answers() {
    link->finish();
    return to_the_end();
  }
  std::unique_ptr<Incoming> again;
};

TEST_CASE_FIXTURE(IncomingWorld, "a call that is dropped is told to its caller, a cast is not") {
  run([&] {
    come(FrameKind::call).reset();
    come(FrameKind::cast).reset();
    CHECK(answers() == Words{"6 7"});
  });
}

TEST_CASE_FIXTURE(IncomingWorld, "a call is answered once, behind signs of life") {
  run([&] {
    const auto call = come(FrameKind::call);
    call->heartbeat();
    call->reply({.result = 1});
    call->reply({.result = 2});
    CHECK(answers() == Words{"5 7", "4 7"});
  });
}

TEST_CASE_FIXTURE(IncomingWorld,
                  "what is requeued is the same message, and the one that is answered") {
  run([&] {
    auto call = come(FrameKind::call);
    CHECK_FALSE(call->redelivered);
    call->requeue();
    call.reset();
    REQUIRE(again);
    CHECK(again->redelivered);
    CHECK(again->message == json{{"method", "m"}});
    CHECK(again->context.values() == json{{"user", "u"}});
    CHECK(again->expires == thane::TimePoint{std::chrono::seconds{5}});
    again->reply({.result = 1});
    again.reset();
    CHECK(answers() == Words{"4 7"});
  });
}

TEST_CASE_FIXTURE(IncomingWorld, "a message without a time to expire never does") {
  CHECK(come(FrameKind::cast, Frame{}.expires)->expires == thane::never);
}

}  // namespace
