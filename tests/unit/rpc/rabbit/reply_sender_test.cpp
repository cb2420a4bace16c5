#include "rabbit/reply_sender.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>

#include "../amqp/peer.hpp"
#include "support/captured_log.hpp"

using namespace thane::rpc::internal::rabbit;
using namespace std::chrono_literals;
namespace amqp = thane::rpc::amqp;
using amqp::MethodId;
using amqp::Outcome;
using thane::this_fiber::sleep_for;

namespace {

// Answers on an open channel, without the fibers of a link.
struct AnswersWorld : thane::testing::OpenPeer {
  void run(const std::function<void()>& body) {
    loop.run([&] {
      publisher.opened(connection, channel);
      CHECK(sent_method() == MethodId::confirm_select);
      body();
      publisher.left();
    });
  }
  void answer(const std::string& queue) { replies.send(queue, "body", sender); }
  // The arguments of the messages in what it sends: exchange, queue and whether it is mandatory.
  std::string published() {
    std::string all;
    for (auto method = sent(); method != std::pair{MethodId{0}, std::string{}}; method = sent()) {
      if (method.first == MethodId::basic_publish) all += method.second.substr(2);
    }
    return all;
  }
  // To the message that was sent as the next one.
  void settle(Outcome outcome) {
    amqp::Event event{
        amqp::Settled{.channel = channel, .publish = ++settled, .outcome = outcome, .text = ""}};
    publisher.happened(event);
  }
  // Returns it as often as it is sent again, until it is not, and says how long that took.
  thane::Duration until_given_up() {
    const auto begun = loop.now();
    while (publisher.open() > 0 && loop.now() - begun < 1h) {
      if (!published().empty()) settle(Outcome::returned);
      if (publisher.open() == 0) break;
      sleep_for(50ms);
      (void)publisher.tick(loop.now());
    }
    return loop.now() - begun;
  }

  RabbitOptions options{};
  ReplySender::Sender sender;
  Broker at{.hosts = {BrokerHost{}}, .options = {}};
  Link link{at, "send"};
  Publisher publisher{link};
  ReplySender replies{publisher, options};
  amqp::PublishId settled = 0;
  thane::FiberLoop loop{thane::FiberLoop::Options{.time = thane::Time::simulated}};
};

const std::string mandatory_to_q{"\0\1q\1", 4};

TEST_CASE_FIXTURE(AnswersWorld,
                  "an answer is sent again while its queue is missing, until it is there") {
  run([&] {
    answer("q");
    CHECK(published() == mandatory_to_q);
    for (int i = 0; i < 3; ++i) {
      settle(Outcome::returned);
      (void)publisher.tick(loop.now() + 249ms);
      CHECK(published().empty());
      sleep_for(250ms);
      (void)publisher.tick(loop.now());
      CHECK(published() == mandatory_to_q);
    }
    CHECK(sender.answers.count() == 1);
    settle(Outcome::confirmed);
    CHECK(sender.answers.count() == 0);
  });
}

TEST_CASE_FIXTURE(AnswersWorld,
                  "a queue that does not come is given up after a minute, for a minute") {
  const thane::testing::CapturedLog log;
  run([&] {
    answer("q");
    CHECK(until_given_up() == 60s);
    CHECK(sender.answers.count() == 0);
    CHECK(log.count("an answer was dropped: there is no queue q") == 1);
    answer("q");
    CHECK(publisher.open() == 0);
    answer("other");
    CHECK(publisher.open() == 1);
    settle(Outcome::confirmed);
    sleep_for(60s);
    answer("q");
    CHECK(publisher.open() == 1);
  });
}

TEST_CASE_FIXTURE(AnswersWorld,
                  "with one answer to a queue that is missing all others are given up") {
  run([&] {
    answer("q");
    (void)published();
    settle(Outcome::returned);
    sleep_for(59s + 900ms);
    (void)publisher.tick(loop.now());
    (void)published();
    settle(Outcome::returned);
    answer("q");
    (void)published();
    settle(Outcome::returned);
    sleep_for(250ms);
    (void)publisher.tick(loop.now());
    CHECK(published() == mandatory_to_q + mandatory_to_q);
    settle(Outcome::returned);
    settle(Outcome::returned);
    CHECK(publisher.open() == 0);
  });
}

TEST_CASE_FIXTURE(AnswersWorld,
                  "a server that ends waits two seconds for the queues of its callers") {
  sender.closing = true;
  run([&] {
    answer("q");
    CHECK(until_given_up() == 2s);
  });
}

TEST_CASE_FIXTURE(AnswersWorld, "of queues that are missing the last two hundred are remembered") {
  options.kombu_missing_consumer_retry_timeout = 0s;
  run([&] {
    for (int i = 0; i <= 200; ++i) {
      answer(std::to_string(i));
      settle(Outcome::returned);
    }
    CHECK(publisher.open() == 0);
    answer("1");
    CHECK(publisher.open() == 0);
    answer("0");
    CHECK(publisher.open() == 1);
  });
}

TEST_CASE_FIXTURE(AnswersWorld, "answers are not mandatory where that is not wanted") {
  options.direct_mandatory_flag = false;
  run([&] {
    answer("q");
    CHECK(published() == std::string{"\0\1q\0", 4});
  });
}

}  // namespace
