#include "rabbit/consumers.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <thane/fiber_loop.hpp>
#include <thane/timeout.hpp>

#include "../amqp/peer.hpp"

using namespace thane::rpc::internal::rabbit;
using namespace std::chrono_literals;
namespace amqp = thane::rpc::amqp;
namespace broker = thane::testing::broker;
using amqp::MethodId;
using thane::never;
using Requeue = amqp::Channel::Requeue;

namespace {

using Words = std::vector<std::string>;

struct Noting final : Consumers {
  using Consumers::Consumers;
  void delivered(amqp::Delivered& message, DeliveryId id) override {
    bodies.push_back(message.body);
    ids.push_back(id);
  }
  Words bodies{};
  std::vector<DeliveryId> ids{};
};

// Consumers on an open channel. The fiber of their link never runs, for nothing here suspends.
struct ConsumersWorld : thane::testing::OpenPeer {
  void run(const std::function<void()>& body) {
    loop.run([&] {
      begun = loop.now();
      consumers.start(topology);
      consumers.opened(connection, channel);
      body();
      consumers.leave({});
    });
  }
  // What it has asked for since the last time: "consume a as 1".
  Words asked() {
    Words all;
    for (auto method = sent(); method.first != MethodId{0}; method = sent()) {
      unanswered.push_back(method.first);
      if (std::string text = describe(method.first, method.second); !text.empty()) {
        all.push_back(std::move(text));
      }
    }
    return all;
  }
  // The same, and the broker has done it, or the first of what it has to do.
  Words answered(std::size_t count = 100) {
    Words all = asked();
    for (; count > 0 && !unanswered.empty(); --count) {
      for (amqp::Event& event : say(answer(unanswered.front()))) consumers.happened(event);
      unanswered.pop_front();
    }
    return all;
  }
  void deliver(std::uint64_t tag) {
    const std::string body = "body " + std::to_string(tag);
    for (amqp::Event& event : say(broker::deliver(channel, tag, body))) consumers.happened(event);
  }
  void cancelled_by_broker(const std::string& tag) {
    amqp::Event event{amqp::ConsumerCancelled{.channel = channel, .consumer_tag = tag}};
    consumers.happened(event);
  }
  thane::Duration refused(std::uint16_t code, const std::string& text) {
    return consumers.channel_closed(
        {.channel = channel, .by = amqp::ClosedBy::peer, .code = code, .text = text});
  }
  void reopen() {
    (void)asked();
    unanswered.clear();
    channel = connection.open_channel();
    consumers.opened(connection, channel);
  }
  Words acknowledgements() {
    consumers.sending();
    return asked();
  }

  static std::string describe(MethodId id, const std::string& arguments) {
    amqp::Reader from{arguments};
    const auto flag = [&] { return (from.octet() & 1) != 0; };
    const auto number = [&] { return std::to_string(from.long_long_integer()); };
    switch (id) {
      case MethodId::queue_declare: {
        (void)from.short_integer();
        const std::string name{from.short_string()};
        return "declare " + name + ((from.octet() & 2) != 0 ? ", durable" : "");
      }
      case MethodId::queue_delete:
        (void)from.short_integer();
        return "delete " + std::string{from.short_string()};
      case MethodId::basic_qos:
        (void)from.long_integer();
        return "prefetch " + std::to_string(from.short_integer());
      case MethodId::basic_consume: {
        (void)from.short_integer();
        std::string text = "consume " + std::string{from.short_string()};
        text += " as " + std::string{from.short_string()};
        (void)from.octet();
        const amqp::Table table = amqp::read_table(from);
        const auto* const offset = table.find("x-stream-offset");
        if (offset == nullptr) return text;
        const auto* const at = std::get_if<std::int64_t>(&offset->value);
        return text + " from " + (at != nullptr ? std::to_string(*at) : "the last");
      }
      case MethodId::basic_cancel:
        return "cancel " + std::string{from.short_string()};
      case MethodId::basic_ack: {
        const std::string tag = number();
        return "ack " + tag + (flag() ? " and before" : "");
      }
      case MethodId::basic_reject: {
        const std::string tag = number();
        return "reject " + tag + (flag() ? " again" : "");
      }
      default:
        return {};
    }
  }
  [[nodiscard]] std::string answer(MethodId id) const {
    const auto ok = MethodId{static_cast<std::uint32_t>(id) + 1};
    return broker::method(channel, ok, [&](amqp::Writer& to) {
      if (id == MethodId::channel_open) to.long_string("");
      if (id == MethodId::queue_delete) to.long_integer(0);
      if (id == MethodId::basic_consume || id == MethodId::basic_cancel) to.short_string("1");
      if (id != MethodId::queue_declare) return;
      to.short_string("a");
      to.long_long_integer(0);
    });
  }

  Topology topology{.declares = {amqp::DeclareQueue{.name = "a"}, amqp::DeclareQueue{.name = "b"}},
                    .queues = {"a", "b"}};
  Broker at{.hosts = {BrokerHost{}}, .options = {}};
  Link link{at, "listen"};
  Noting consumers{link};
  std::deque<MethodId> unanswered;
  thane::TimePoint begun{};
  thane::FiberLoop loop{thane::FiberLoop::Options{.time = thane::Time::simulated}};
};

TEST_CASE_FIXTURE(ConsumersWorld, "queues are declared and consumed from, a few messages ahead") {
  at.options.rabbit_qos_prefetch_count = 3;
  run([&] {
    CHECK(answered() ==
          Words{"prefetch 3", "declare a", "declare b", "consume a as 1", "consume b as 2"});
    CHECK(consumers.wait_until_ready(begun + 1s));
    deliver(1);
    CHECK(consumers.bodies == Words{"body 1"});
  });
}

TEST_CASE_FIXTURE(
    ConsumersWorld,
    "a queue that has gone is declared again, once a second, and the others are not") {
  run([&] {
    (void)answered();
    cancelled_by_broker("2");
    (void)consumers.tick(begun + 1s);
    CHECK(answered() == Words{"declare b", "consume b as 2"});
    cancelled_by_broker("1");
    CHECK(consumers.tick(begun + 1s) == begun + 2s);
    CHECK(asked().empty());
    CHECK(consumers.tick(begun + 2s) == never);
    CHECK(answered() == Words{"declare a", "consume a as 1"});
  });
}

TEST_CASE_FIXTURE(ConsumersWorld, "who has said that it leaves declares nothing any more") {
  run([&] {
    (void)answered();
    cancelled_by_broker("2");
    consumers.cancel();
    CHECK(asked() == Words{"cancel 1", "cancel 2"});
    CHECK(consumers.tick(begun + 1h) == never);
    CHECK(asked().empty());
    consumers.lost({.address = "host", .text = "320 CONNECTION_FORCED"});
    {
      const thane::Timeout limit{1s};
      consumers.wait_until_cancelled();
    }
    reopen();
    CHECK(asked().empty());
  });
}

TEST_CASE_FIXTURE(ConsumersWorld,
                  "messages that are next to each other are acknowledged together") {
  run([&] {
    (void)answered();
    for (const std::uint64_t tag : {1, 2, 3, 4, 5}) deliver(tag);
    consumers.acknowledge(consumers.ids[0]);
    consumers.acknowledge(consumers.ids[1]);
    CHECK(acknowledgements() == Words{"ack 2 and before"});
    consumers.reject(consumers.ids[2], Requeue::yes);
    CHECK(acknowledgements() == Words{"reject 3 again"});
    consumers.acknowledge(consumers.ids[3]);
    CHECK(acknowledgements() == Words{"ack 4 and before"});
    consumers.acknowledge(consumers.ids[4]);
    consumers.leave("own");
    CHECK(asked() == Words{"ack 5 and before", "delete own"});
  });
}

TEST_CASE_FIXTURE(ConsumersWorld,
                  "what came over a channel that is gone is not answered on the next") {
  run([&] {
    (void)answered();
    for (const std::uint64_t tag : {1, 2, 3}) deliver(tag);
    consumers.acknowledge(consumers.ids[0]);
    consumers.lost({.address = "host", .text = "320 CONNECTION_FORCED"});
    reopen();
    (void)answered();
    consumers.acknowledge(consumers.ids[1]);
    consumers.reject(consumers.ids[2], Requeue::yes);
    CHECK(acknowledgements().empty());
    deliver(1);
    consumers.acknowledge(consumers.ids[3]);
    CHECK(acknowledgements() == Words{"ack 1 and before"});
  });
}

TEST_CASE_FIXTURE(ConsumersWorld,
                  "a channel is opened again at once, or later, as the broker closes it") {
  topology.declares = {amqp::DeclareQueue{.name = "a", .durable = true}};
  topology.queues = {"a"};
  run([&] {
    (void)answered();
    CHECK(refused(541, "INTERNAL_ERROR") == 2s);
    CHECK(refused(406, "PRECONDITION_FAILED - unknown delivery tag 7") == 0s);
    CHECK(refused(406,
                  "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'a' in vhost '/': "
                  "received 'true' but current is 'false'") == 0s);
    reopen();
    CHECK(answered() == Words{"declare a", "consume a as 1"});
    CHECK(consumers.wait_until_ready(begun + 1s));
    CHECK(refused(403, "ACCESS_REFUSED") == 1s);
    CHECK_THROWS_WITH_AS((void)consumers.wait_until_ready(begun + 1s), "403 ACCESS_REFUSED",
                         std::runtime_error);
  });
}

TEST_CASE_FIXTURE(ConsumersWorld, "a queue that cannot be reached is deleted, once") {
  const std::string down =
      "NOT_FOUND - home node 'rabbit@b' of durable queue 'b' in vhost '/' is down or inaccessible";
  run([&] {
    CHECK(refused(404, down) == 100ms);
    reopen();
    CHECK(answered(2) ==
          Words{"delete b", "declare a", "declare b", "consume a as 1", "consume b as 2"});
    CHECK(refused(404, down) == 100ms);
    reopen();
    CHECK(answered() == Words{"declare a", "declare b", "consume a as 1", "consume b as 2"});
    CHECK(refused(404, down) == 100ms);  // It has worked meanwhile.
    reopen();
    CHECK(asked().front() == "delete b");
  });
}

TEST_CASE_FIXTURE(ConsumersWorld, "who is not let in learns why") {
  run([&] {
    consumers.lost({.address = "host", .text = "403 ACCESS_REFUSED", .refused = true});
    CHECK_THROWS_WITH_AS((void)consumers.wait_until_ready(begun + 1s), "host: 403 ACCESS_REFUSED",
                         std::runtime_error);
  });
}

TEST_CASE_FIXTURE(ConsumersWorld,
                  "a stream is read on behind what was seen, a new one from its end") {
  topology.stream = "a";
  run([&] {
    CHECK(answered().back() == "consume b as 2");
    amqp::Delivered seen;
    seen.properties.headers = amqp::Table{{{"x-stream-offset", {std::int64_t{7}}}}};
    amqp::Event event{std::move(seen)};
    consumers.happened(event);
    consumers.lost({.address = "host", .text = "320 CONNECTION_FORCED"});
    reopen();
    CHECK(answered() == Words{"declare a", "declare b", "consume a as 1 from 8", "consume b as 2"});
    cancelled_by_broker("1");
    (void)consumers.tick(begun + 1s);
    CHECK(answered() == Words{"declare a", "consume a as 1 from the last"});
  });
}

}  // namespace
