#include "rabbit/topology.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include <thane/config.hpp>
#include <thane/rpc/errors.hpp>
#include <thane/rpc/rabbit_options.hpp>

#include "rabbit/broker.hpp"

using namespace thane::rpc;
using namespace thane::rpc::internal;
using namespace thane::rpc::internal::rabbit;
using amqp::BindQueue;
using amqp::DeclareExchange;
using amqp::DeclareQueue;
using amqp::Table;

namespace {

const Target demo{.exchange = "openstack", .topic = "demo", .server = "s1"};

const Table expires{{{"x-expires", {std::int32_t{1800000}}}}};

template <class Kind>
Kind at(const Topology& topology, std::size_t index) {
  return std::get<Kind>(topology.declares.at(index));
}

TEST_CASE("a server has the queues of its topic, of itself and of fanout") {
  const Topology all = server_topology({}, demo, "demo_fanout_1");
  REQUIRE(all.declares.size() == 9);
  CHECK(at<DeclareExchange>(all, 0) == DeclareExchange{.name = "openstack"});
  CHECK(at<DeclareQueue>(all, 1) == DeclareQueue{.name = "demo"});
  CHECK(at<BindQueue>(all, 2) ==
        BindQueue{.queue = "demo", .exchange = "openstack", .routing_key = "demo"});
  CHECK(at<DeclareQueue>(all, 4) == DeclareQueue{.name = "demo.s1"});
  CHECK(at<BindQueue>(all, 5).routing_key == "demo.s1");
  CHECK(at<DeclareExchange>(all, 6) ==
        DeclareExchange{.name = "demo_fanout", .type = "fanout", .auto_delete = true});
  CHECK(at<DeclareQueue>(all, 7) == DeclareQueue{.name = "demo_fanout_1", .arguments = expires});
  CHECK(at<BindQueue>(all, 8) ==
        BindQueue{.queue = "demo_fanout_1", .exchange = "demo_fanout", .routing_key = "demo"});
  CHECK(all.queues == std::vector<std::string>{"demo", "demo.s1", "demo_fanout_1"});
}

TEST_CASE("options change how queues and exchanges are declared, as in oslo.messaging") {
  RabbitOptions durable;
  durable.amqp_durable_queues = true;
  durable.amqp_auto_delete = true;
  durable.rabbit_ha_queues = true;
  const Table policy{{{"x-ha-policy", {std::string{"all"}}}}};
  Topology all = server_topology(durable, demo, "f");
  CHECK(at<DeclareExchange>(all, 0) ==
        DeclareExchange{.name = "openstack", .durable = true, .auto_delete = true});
  CHECK(at<DeclareQueue>(all, 1) ==
        DeclareQueue{.name = "demo", .durable = true, .auto_delete = true, .arguments = policy});
  CHECK_FALSE(at<DeclareQueue>(all, 7).durable);
  CHECK(at<DeclareQueue>(all, 7).arguments.text("x-ha-policy") == "all");
  CHECK_FALSE(at<DeclareExchange>(all, 6).durable);

  RabbitOptions quorum;
  quorum.rabbit_quorum_queue = true;
  quorum.rabbit_quorum_delivery_limit = 3;
  quorum.rabbit_quorum_max_memory_length = 4;
  quorum.rabbit_quorum_max_memory_bytes = 5;
  all = server_topology(quorum, demo, "f");
  CHECK(at<DeclareExchange>(all, 0).durable);
  CHECK(at<DeclareQueue>(all, 4) ==
        DeclareQueue{.name = "demo.s1",
                     .durable = true,
                     .arguments = {{{"x-queue-type", {std::string{"quorum"}}},
                                    {"x-delivery-limit", {std::int32_t{3}}},
                                    {"x-max-in-memory-length", {std::int32_t{4}}},
                                    {"x-max-in-memory-bytes", {std::int32_t{5}}}}}});
  CHECK(at<DeclareQueue>(all, 7) == DeclareQueue{.name = "f", .arguments = expires});

  quorum.rabbit_transient_quorum_queue = true;
  quorum.rabbit_transient_queues_ttl = std::chrono::seconds{0};
  all = server_topology(quorum, demo, "f");
  CHECK(at<DeclareExchange>(all, 6).durable);
  CHECK(at<DeclareQueue>(all, 7).durable);
  CHECK(at<DeclareQueue>(all, 7).arguments.find("x-expires") == nullptr);

  RabbitOptions failover;
  failover.enable_cancel_on_failover = true;
  CHECK(consume(failover, "q", "1").arguments.find("x-cancel-on-ha-failover") != nullptr);
  CHECK(consume({}, "q", "1").arguments == Table{});
}

TEST_CASE("messages go to the exchange of the target, or to that of fanout without a key") {
  CHECK(message_route({}, {.exchange = "e", .topic = "demo"}).routing_key == "demo");
  const Route direct = message_route({}, demo);
  CHECK(direct.exchange == "openstack");
  CHECK(direct.routing_key == "demo.s1");
  CHECK(std::get<DeclareExchange>(direct.declares.at(0)) == DeclareExchange{.name = "openstack"});
  const Route fanout = message_route({}, {.exchange = "e", .topic = "demo", .fanout = true});
  CHECK(fanout.exchange == "demo_fanout");
  CHECK(fanout.routing_key.empty());
}

TEST_CASE("a notification's queue is declared by who sends and by who listens") {
  const Route route =
      notification_route({}, {.exchange = "openstack", .topic = "notifications.info"});
  CHECK(route.routing_key == "notifications.info");
  CHECK(route.declares.size() == 3);
  const std::vector<NotificationSource> sources{
      {{.exchange = "openstack", .topic = "notifications"}, "info"},
      {{.exchange = "openstack", .topic = "notifications"}, "error"}};
  const Topology own = notification_topology({}, sources, "");
  CHECK(own.queues == std::vector<std::string>{"notifications.info", "notifications.error"});
  const Topology pool = notification_topology({}, sources, "pool");
  CHECK(pool.queues == std::vector<std::string>{"pool"});
  CHECK(std::get<BindQueue>(pool.declares.at(5)) ==
        BindQueue{.queue = "pool", .exchange = "openstack", .routing_key = "notifications.error"});
  CHECK(std::get<DeclareQueue>(reply_topology({}, "reply_1").declares.at(0)).arguments == expires);
}

TEST_CASE("the URL is stronger than the configuration, which is stronger than the defaults") {
  const auto config = thane::Config::parse({}, {rabbit_options()},
                                           {"THANE_OSLO_MESSAGING_RABBIT__SSL=true",
                                            "THANE_OSLO_MESSAGING_RABBIT__AMQP_AUTO_DELETE=true"});
  const auto url = TransportUrl::parse(
      "rabbit://me:it@h1:5673,h2/vh?amqp_durable_queues=true&ssl=false&"
      "rabbit_quroum_max_memory_length=7");
  const Broker broker = Broker::from(url, config.snapshot().get());
  CHECK(broker.options.amqp_durable_queues);
  CHECK_FALSE(broker.options.ssl);
  CHECK(broker.options.amqp_auto_delete);
  CHECK(broker.options.rabbit_quorum_max_memory_length == 7);
  CHECK(broker.virtual_host == "vh");
  REQUIRE(broker.hosts.size() == 2);
  CHECK(broker.hosts[0] == BrokerHost{"h1", 5673, "me", "it"});
  CHECK(broker.hosts[1] == BrokerHost{"h2", 5672, "guest", "guest"});
  CHECK(broker.address_of(0) == "h1:5673");

  const Broker plain = Broker::from(TransportUrl::parse("rabbit://"), nullptr);
  CHECK(plain.virtual_host == "/");
  CHECK(plain.hosts == std::vector{BrokerHost{}});
}

TEST_CASE("a URL with an option that there is not, or with a wrong value, is refused") {
  for (const char* bad :
       {"rabbit://h/?nonsense=1", "rabbit://h/?ssl=perhaps", "rabbit://h:70000/"}) {
    INFO(bad);
    CHECK_THROWS_AS((void)Broker::from(TransportUrl::parse(bad), nullptr), InvalidTransportURL);
  }
  CHECK_THROWS_AS(
      (void)Broker::from(
          TransportUrl::parse("rabbit://h/?rabbit_ha_queues=1&rabbit_quorum_queue=1"), nullptr),
      std::runtime_error);
}

}  // namespace
