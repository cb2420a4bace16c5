#include "rabbit/publisher.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <thane/fiber_loop.hpp>

#include "../amqp/peer.hpp"

using namespace thane::rpc::internal::rabbit;
using namespace std::chrono_literals;
namespace amqp = thane::rpc::amqp;
namespace broker = thane::testing::broker;
using amqp::MethodId;
using amqp::Outcome;
using Fate = Delivery::Fate;

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
  void settle(amqp::PublishId publish, Outcome outcome) {
    amqp::Event event{amqp::Settled{
        .channel = channel, .publish = publish, .outcome = outcome, .text = "NO_ROUTE"}};
    publisher.happened(event);
  }
  // Its exchanges and queues in what it sends.
  int declarations() {
    int found = 0;
    for (int frame = 0; frame < 20; ++frame) {
      const MethodId id = sent_method();
      found += id == MethodId::exchange_declare || id == MethodId::queue_declare ? 1 : 0;
    }
    return found;
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
                  "what was not confirmed when the connection was lost goes again") {
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
    for (std::size_t left = 2; left > 0; --left) {  // They are counted from 1 each time.
      settle(1, Outcome::confirmed);
      CHECK(publisher.open() == left);
      publisher.lost({.address = "host", .text = "320 CONNECTION_FORCED"});
      reopen();
      CHECK(bodies().size() == left);
    }
  });
}

TEST_CASE_FIXTURE(PublisherWorld, "what was sent goes again before what has waited") {
  run([&] {
    publisher.send(message("body 1"));
    CHECK(bodies().size() == 1);
    (void)say(broker::method(0, MethodId::connection_blocked,
                             [](amqp::Writer& to) { to.short_string("memory"); }));
    publisher.send(message("body 2"));
    publisher.lost({.address = "host", .text = "320 CONNECTION_FORCED"});
    (void)say(broker::method(0, MethodId::connection_unblocked));
    reopen();
    CHECK(bodies() == std::vector<std::string>{"body 1", "body 2"});
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

TEST_CASE_FIXTURE(PublisherWorld, "who sends learns what became of a message") {
  run([&] {
    for (int i = 0; i < 3; ++i) publisher.send(message());
    settle(2, Outcome::returned);
    settle(1, Outcome::refused);
    settle(3, Outcome::confirmed);
    REQUIRE(deliveries.size() == 3);
    CHECK(deliveries[0].fate == Fate::returned);
    CHECK(deliveries[0].text == "NO_ROUTE");
    CHECK(deliveries[1].fate == Fate::failed);
    CHECK(deliveries[1].text == "the broker could not keep it");
    CHECK(deliveries[2].fate == Fate::confirmed);
    CHECK(publisher.open() == 0);
  });
}

TEST_CASE_FIXTURE(PublisherWorld,
                  "a broker that takes no messages is sent none, nor later those that are stale") {
  run([&] {
    auto events = say(broker::method(0, MethodId::connection_blocked,
                                     [](amqp::Writer& to) { to.short_string("memory"); }));
    for (amqp::Event& event : events) publisher.happened(event);
    for (const char* const body : {"body 1", "body 2"}) publisher.send(message(body));
    const auto abandoned = message("body 3");
    publisher.send(abandoned);
    abandoned->abandoned = true;
    auto late = message("body 4");
    late->expires = loop.now();
    publisher.send(std::move(late));
    CHECK(bodies().empty());
    for (amqp::Event& event : say(broker::method(0, MethodId::connection_unblocked))) {
      publisher.happened(event);
    }
    CHECK(bodies() == std::vector<std::string>{"body 1", "body 2"});
    REQUIRE(deliveries.size() == 1);
    CHECK(deliveries.front().fate == Fate::failed);
    CHECK(deliveries.front().text == "it was not sent in time");
  });
}

TEST_CASE_FIXTURE(PublisherWorld,
                  "a message is tried as often as its sender wants, unless refused") {
  run([&] {
    auto twice = message();
    twice->retry = 1;
    publisher.send(std::move(twice));
    publisher.send(message());
    const auto abandoned = message();
    publisher.send(abandoned);
    abandoned->abandoned = true;
    publisher.lost({.address = "host", .text = "gone"});
    CHECK(deliveries.empty());
    CHECK(publisher.open() == 2);
    publisher.lost({.address = "host", .text = "gone"});
    REQUIRE(deliveries.size() == 1);
    CHECK(deliveries.front().text ==
          "Unable to connect to AMQP server on host after 2 tries: gone");
    publisher.lost({.address = "host", .text = "403 ACCESS_REFUSED", .refused = true});
    CHECK(deliveries.size() == 2);
    CHECK(publisher.open() == 0);
  });
}

TEST_CASE_FIXTURE(PublisherWorld, "an exchange that goes is declared again, but not for ever") {
  run([&] {
    publisher.send(message());
    for (int i = 1; i <= 3; ++i) {
      CHECK(deliveries.empty());
      CHECK(close_channel(404, "NOT_FOUND - no exchange 'e' in vhost '/'") == 0s);
      if (i == 3) break;
      reopen();
      CHECK(declarations() == 1);
    }
    REQUIRE(deliveries.size() == 1);
    CHECK(deliveries.front().text == "404 NOT_FOUND - no exchange 'e' in vhost '/'");
  });
}

TEST_CASE_FIXTURE(PublisherWorld,
                  "what has to be there is declared once on a channel, for each key") {
  run([&] {
    const auto notify = [&](const std::string& topic) {
      auto made = message();
      made->route = notification_route(options, {.exchange = "e", .topic = topic});
      publisher.send(std::move(made));
    };
    for (const char* const topic : {"a.info", "a.error", "a.info"}) notify(topic);
    CHECK(declarations() == 4);
  });
}

TEST_CASE_FIXTURE(PublisherWorld, "a message may be sent later; one with a long name is refused") {
  run([&] {
    publisher.send_later(message("body later"), loop.now() + 1s);
    CHECK(publisher.tick(loop.now()) == loop.now() + 1s);
    CHECK(bodies().empty());
    CHECK(publisher.tick(loop.now() + 1s) == thane::never);
    CHECK(bodies() == std::vector<std::string>{"body later"});
    auto bad = message();
    bad->route.routing_key = std::string(256, 'x');
    CHECK_THROWS_AS(publisher.send(std::move(bad)), std::invalid_argument);
    CHECK(publisher.open() == 1);
  });
}

}  // namespace
