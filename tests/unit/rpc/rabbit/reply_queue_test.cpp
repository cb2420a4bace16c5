#include "rabbit/reply_queue.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <thane/fiber_loop.hpp>

#include "../amqp/peer.hpp"

using namespace thane::rpc::internal;
using namespace thane::rpc::internal::rabbit;
namespace amqp = thane::rpc::amqp;
namespace broker = thane::testing::broker;
using amqp::MethodId;

namespace {

// The queue of a process on an open channel. The fiber of its link never runs, for nothing here
// suspends.
struct AnsweredWorld : thane::testing::OpenPeer {
  void run(const std::function<void()>& body) {
    loop.run([&] {
      queue.start();
      queue.opened(connection, channel);
      forget_sent();
      body();
      queue.leave({});
    });
  }
  void forget_sent() {
    for (int frame = 0; frame < 20; ++frame) (void)sent();
  }
  // The next message that comes, and how it is answered.
  MethodId take(const std::string& body) {
    for (amqp::Event& event : say(broker::deliver(channel, ++tag, body))) queue.happened(event);
    queue.sending();
    const auto [id, arguments] = sent();
    if (id == MethodId::basic_reject) CHECK(arguments.back() == '\0');  // Nobody else wants it.
    CHECK(sent_method() == MethodId{0});
    return id;
  }
  json answer() {
    auto reply = call.wait(loop.now(), std::nullopt, "1");
    REQUIRE(reply);
    return reply->result;
  }

  Broker at{.hosts = {BrokerHost{}}, .options = {}};
  Link link{at, "listen"};
  ReplyQueue queue{link, "reply_1"};
  PendingCall call;
  std::uint64_t tag = 0;
  thane::FiberLoop loop{thane::FiberLoop::Options{.time = thane::Time::simulated}};
};

TEST_CASE_FIXTURE(AnsweredWorld,
                  "an answer reaches the call that waits for it, and is acknowledged") {
  run([&] {
    CHECK(queue.idle());
    const ReplyQueue::Expected expected{queue, "1", call};
    CHECK_FALSE(queue.idle());
    CHECK(take(R"({"_msg_id": "2", "result": 8, "ending": true})") == MethodId::basic_ack);
    CHECK(take(R"({"_msg_id": "1", "result": 7, "ending": true})") == MethodId::basic_ack);
    CHECK(answer() == 7);
  });
}

TEST_CASE_FIXTURE(AnsweredWorld, "a result may come before the end of the answer") {
  run([&] {
    const ReplyQueue::Expected expected{queue, "1", call};
    CHECK(take(R"({"_msg_id": "1", "result": 7, "ending": false})") == MethodId::basic_ack);
    CHECK(take(R"({"_msg_id": "1", "result": null, "ending": true})") == MethodId::basic_ack);
    CHECK(answer() == 7);
  });
}

TEST_CASE_FIXTURE(AnsweredWorld, "what is no answer is refused, and does not come again") {
  run([&] {
    CHECK(take("[]") == MethodId::basic_reject);
    CHECK(take("{") == MethodId::basic_reject);
    CHECK(take(R"({"_msg_id": "1", "ending": true})") == MethodId::basic_ack);
  });
}

}  // namespace
