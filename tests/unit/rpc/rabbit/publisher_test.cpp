#include "rabbit/publisher.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <thane/fiber_loop.hpp>

#include "../amqp/peer.hpp"

using namespace thane::rpc::internal::rabbit;
using namespace std::chrono_literals;
namespace amqp = thane::rpc::amqp;
namespace broker = thane::testing::broker;
using amqp::MethodId;

namespace {

// A publisher on an open channel, without the fibers of a link.
struct PublisherWorld : thane::testing::OpenPeer {
  void run(const std::function<void()>& body) {
    loop.run([&] {
      publisher.opened(connection, channel);
      CHECK(sent_method() == MethodId::confirm_select);
      body();
      publisher.left();
    });
  }
  std::shared_ptr<Publish> message(std::string body = "body") {
    auto made = std::make_shared<Publish>();
    made->route = message_route(options, {.exchange = "e", .topic = "t"});
    made->content = encode_body(std::move(body), "");
    made->done = [this](const Delivery& delivery) { deliveries.push_back(delivery); };
    return made;
  }
  // By the broker; what was sent over it is of no interest any more.
  thane::Duration close_channel(std::uint16_t code, const std::string& text) {
    const auto events = say(broker::close(channel, code, text));
    (void)connection.take_output(now);
    parser = amqp::FrameParser{131072};
    return publisher.channel_closed(std::get<amqp::ChannelClosed>(events.back()));
  }
  void reopen() {
    channel = connection.open_channel();
    publisher.opened(connection, channel);
  }
  // Of the exchanges that are declared in what it sends: whether they are durable.
  std::vector<bool> declared_durable() {
    std::vector<bool> found;
    for (int frame = 0; frame < 20; ++frame) {
      const auto [id, arguments] = sent();
      // Behind two numbers and the names "e" and "topic".
      if (id == MethodId::exchange_declare) found.push_back((arguments.at(10) & 2) != 0);
    }
    return found;
  }

  // Those of the messages in what it sends.
  std::vector<std::string> bodies() {
    std::vector<std::string> found;
    for (int frame = 0; frame < 20; ++frame) {
      const auto [id, payload] = sent();
      if (id == MethodId{0} && payload.starts_with("body")) found.push_back(payload);
    }
    return found;
  }

  RabbitOptions options{};
  Broker at{.hosts = {BrokerHost{}}, .options = {}};
  Link link{at, "send"};
  Publisher publisher{link};
  std::vector<Delivery> deliveries;
  thane::FiberLoop loop{thane::FiberLoop::Options{.time = thane::Time::simulated}};
};

TEST_CASE_FIXTURE(PublisherWorld,
                  "messages above the high-water mark wait until the output has left") {
  run([&] {
    for (int i = 0; i < 4; ++i) publisher.send(message(std::string(600'000, 'x')));
    CHECK(publisher.open() == 4);
    CHECK(connection.output_size() > Publisher::high_water);
    CHECK(connection.output_size() < Publisher::high_water + 600'000);
    (void)connection.take_output(now);
    publisher.sent();
    CHECK(connection.output_size() > Publisher::high_water);
  });
}

TEST_CASE_FIXTURE(PublisherWorld,
                  "what was not confirmed when the connection was lost is the first to go again") {
  run([&] {
    for (const char* const body : {"body 1", "body 2", "body 3"}) publisher.send(message(body));
    CHECK(bodies().size() == 3);
    for (amqp::Event& event : say(broker::ack(channel, 2))) publisher.happened(event);
    publisher.lost({.address = "host", .text = "320 CONNECTION_FORCED"});
    publisher.send(message("body 4"));
    CHECK(bodies().empty());
    reopen();
    CHECK(bodies() == std::vector<std::string>{"body 1", "body 3", "body 4"});
    CHECK(deliveries.size() == 1);
    CHECK(publisher.open() == 3);
  });
}

TEST_CASE_FIXTURE(PublisherWorld,
                  "an exchange that is not durable already is declared so, and used") {
  options.amqp_durable_queues = true;
  run([&] {
    publisher.send(message());
    publisher.send(message());
    CHECK(declared_durable() == std::vector{true});
    CHECK(close_channel(406,
                        "PRECONDITION_FAILED - inequivalent arg 'durable' for exchange 'e' in "
                        "vhost '/': received 'true' but current is 'false'") == 0s);
    CHECK(deliveries.empty());
    reopen();
    CHECK(declared_durable() == std::vector{false});
    CHECK(publisher.open() == 2);
  });
}

TEST_CASE_FIXTURE(PublisherWorld,
                  "what the broker refuses for good fails, with all that it is named in") {
  run([&] {
    publisher.send(message());
    auto other = message();
    other->route.exchange = "another";
    publisher.send(std::move(other));
    CHECK(close_channel(406,
                        "PRECONDITION_FAILED - inequivalent arg 'auto_delete' for exchange 'e' in "
                        "vhost '/': received 'false' but current is 'true'") == 1s);
    REQUIRE(deliveries.size() == 1);
    CHECK(deliveries.front().fate == Delivery::Fate::failed);
    CHECK(deliveries.front().text.ends_with("with another amqp_auto_delete)"));
    CHECK(publisher.open() == 1);
  });
}

}  // namespace
