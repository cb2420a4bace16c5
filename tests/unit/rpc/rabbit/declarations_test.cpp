#include "rabbit/declarations.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "rabbit/topology.hpp"

using namespace thane::rpc::internal::rabbit;
namespace amqp = thane::rpc::amqp;
using amqp::ClosedBy;
using amqp::DeclareExchange;
using amqp::DeclareQueue;

namespace {

amqp::ChannelClosed refused(std::uint16_t code, const std::string& text) {
  return {.channel = 1, .by = ClosedBy::peer, .code = code, .text = text};
}

amqp::ChannelClosed durable(const std::string& what, const char* wanted = "true") {
  const std::string current = wanted == std::string{"true"} ? "false" : "true";
  return refused(406, "PRECONDITION_FAILED - inequivalent arg 'durable' for " + what +
                          " in vhost '/': received '" + wanted + "' but current is '" + current +
                          "'");
}

std::vector<amqp::Request> declares(bool quorum = false) {
  RabbitOptions options;
  options.amqp_durable_queues = true;
  options.rabbit_quorum_queue = quorum;
  return server_topology(options, {.exchange = "e", .topic = "t", .server = "s"}, "1").declares;
}

// Which exchanges and queues are declared durable.
std::vector<std::string> durable_ones(const std::vector<amqp::Request>& requests) {
  std::vector<std::string> names;
  for (const amqp::Request& request : requests) {
    if (const auto* const exchange = std::get_if<DeclareExchange>(&request)) {
      if (exchange->durable) names.push_back(exchange->name);
    } else if (const auto* const queue = std::get_if<DeclareQueue>(&request)) {
      if (queue->durable) names.push_back(queue->name);
    }
  }
  return names;
}

using Names = std::vector<std::string>;

TEST_CASE("what others have declared transient is declared so, queues with their exchange") {
  Concessions to_exchange;
  CHECK(durable_ones(to_exchange.apply(declares())) == Names{"e", "t", "e", "t.s"});
  CHECK(to_exchange.learn(durable("exchange 'e'"), declares()));
  CHECK(durable_ones(to_exchange.apply(declares())).empty());
  CHECK_FALSE(to_exchange.learn(durable("exchange 'e'"), declares()));  // It did not help.

  Concessions to_queue;
  CHECK(to_queue.learn(durable("queue 't'"), declares()));
  CHECK(durable_ones(to_queue.apply(declares())) == Names{"e", "e", "t.s"});
}

TEST_CASE("other refusals are not given in to") {
  Concessions none;
  CHECK_FALSE(none.learn(durable("exchange 'e'", "false"), declares()));
  CHECK_FALSE(none.learn(durable("exchange 'other'"), declares()));
  CHECK_FALSE(none.learn(refused(406,
                                 "PRECONDITION_FAILED - inequivalent arg 'auto_delete' for "
                                 "exchange 'e' in vhost '/': received 'true' but current is "
                                 "'false'"),
                         declares()));
  CHECK_FALSE(none.learn(durable("queue 't'"), declares(true)));  // No quorum queue is transient.
  CHECK(none.learn(durable("exchange 'e'"), declares(true)));
  CHECK(durable_ones(none.apply(declares(true))) == Names{"t", "t.s"});
}

TEST_CASE("a refusal is explained by the option on which programs have to agree") {
  const auto explained = [](const char* argument) {
    return explain(refused(406, std::string{"PRECONDITION_FAILED - inequivalent arg '"} + argument +
                                    "' for queue 't' in vhost '/': received none"));
  };
  CHECK(explained("durable").ends_with("with another amqp_durable_queues or rabbit_quorum_queue)"));
  CHECK(explained("x-expires").ends_with("with another rabbit_transient_queues_ttl)"));
  CHECK(explained("x-max-in-memory-bytes").find("memory_bytes)") != std::string::npos);
  CHECK(explained("type").ends_with("(somebody else has declared it otherwise)"));
  CHECK(explain(refused(404, "NOT_FOUND")) == "404 NOT_FOUND");
}

TEST_CASE("a queue on a node that is down is told from one that has gone") {
  const Names ours{"t", "t.s"};
  CHECK(unreachable_queue(refused(404,
                                  "NOT_FOUND - home node 'rabbit@b' of durable queue 't.s' in "
                                  "vhost '/' is down or inaccessible"),
                          ours) == "t.s");
  CHECK(unreachable_queue(refused(404, "NOT_FOUND - no queue 't' in vhost '/'"), ours).empty());
  CHECK(unreachable_queue(refused(404, "NOT_FOUND - queue 'u' is stopped"), ours).empty());
  CHECK(unreachable_queue(refused(406, "queue 't' is stopped"), ours).empty());
}

TEST_CASE("an acknowledgement that came too late is no refusal of a declaration") {
  CHECK(is_about_acknowledgement(refused(406, "PRECONDITION_FAILED - unknown delivery tag 7")));
  CHECK(is_about_acknowledgement(refused(
      406,
      "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value "
      "used: 1800000 ms.")));
  CHECK_FALSE(is_about_acknowledgement(durable("queue 't'")));
}

}  // namespace
