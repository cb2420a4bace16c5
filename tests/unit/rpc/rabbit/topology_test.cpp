#include "rabbit/topology.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <thane/config.hpp>
#include <thane/rpc/errors.hpp>
#include <thane/rpc/rabbit_options.hpp>

#include "rabbit/broker.hpp"
#include "support/temporary_directory.hpp"

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
  const Topology all = server_topology({}, demo, "1");
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
  CHECK(all.own_queue == "demo_fanout_1");
  RabbitOptions managed;
  managed.use_queue_manager = true;  // Its owner may come back.
  CHECK(server_topology(managed, demo, "1").own_queue.empty());
}

TEST_CASE("queues are declared apart from those that are consumed from") {
  const Topology all = server_topology({}, demo, "1");
  const auto queues_of = [](const std::vector<amqp::Request>& declares) {
    std::vector<std::string> names;
    for (const amqp::Request& each : declares) {
      if (const auto* const made = std::get_if<DeclareQueue>(&each)) names.push_back(made->name);
      if (const auto* const bound = std::get_if<BindQueue>(&each)) names.push_back(bound->queue);
    }
    return names;
  };
  const auto some = without(all.declares, {"demo", "demo_fanout_1"});
  CHECK(some.size() == 5);  // The exchanges are.
  CHECK(queues_of(some) == std::vector<std::string>{"demo.s1", "demo.s1"});
  CHECK(without(all.declares, {}).size() == all.declares.size());
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
  CHECK(at<DeclareQueue>(all, 7) == DeclareQueue{.name = "demo_fanout_f", .arguments = expires});

  quorum.rabbit_transient_quorum_queue = true;
  quorum.rabbit_transient_queues_ttl = std::chrono::seconds{0};
  all = server_topology(quorum, demo, "f");
  CHECK(at<DeclareExchange>(all, 6).durable);
  CHECK(at<DeclareQueue>(all, 7).durable);
  CHECK(at<DeclareQueue>(all, 7).arguments.find("x-expires") == nullptr);
  quorum.rabbit_transient_queues_ttl = std::chrono::hours{24 * 365};  // More than 31 bits.
  CHECK(at<DeclareQueue>(reply_topology(quorum, "r"), 0).arguments.find("x-expires")->value ==
        amqp::Value{std::int64_t{31'536'000'000}}.value);

  RabbitOptions failover;
  failover.enable_cancel_on_failover = true;
  all = server_topology(failover, demo, "f");
  CHECK(consume(failover, all, 1).arguments.find("x-cancel-on-ha-failover") != nullptr);
  CHECK(consume(failover, all, 1).tag == "2");
  CHECK(consume({}, all, 1).arguments == Table{});
}

TEST_CASE("fanout may be a stream that all servers of a topic read, each from where it was") {
  RabbitOptions options;
  options.rabbit_stream_fanout = true;
  options.rabbit_transient_quorum_queue = true;
  options.rabbit_ha_queues = true;
  const Topology all = server_topology(options, demo, "f");
  CHECK(at<DeclareExchange>(all, 6).durable);
  CHECK(at<DeclareQueue>(all, 7) ==
        DeclareQueue{.name = "demo_fanout",
                     .durable = true,
                     .arguments = {{{"x-queue-type", {std::string{"stream"}}},
                                    {"x-max-age", {std::string{"1800s"}}}}}});
  CHECK(all.stream == "demo_fanout");
  CHECK(all.own_queue.empty());
  CHECK(consume(options, all, 2).arguments.text("x-stream-offset") == "last");
  CHECK(consume(options, all, 2, 7).arguments.find("x-stream-offset")->value ==
        amqp::Value{std::int64_t{7}}.value);
  CHECK(consume(options, all, 1).arguments == Table{});
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
}

std::string refused_options(const std::string& file, const std::string& query = "") {
  const thane::testing::TemporaryDirectory directory;
  const std::string path = directory.write("a.conf", "[oslo_messaging_rabbit]\n" + file + "\n");
  try {
    const auto config = thane::Config::parse({"--config-file", path}, {rabbit_options()});
    (void)Broker::from(TransportUrl::parse("rabbit://h/" + query), config.snapshot().get());
    return "none";
  } catch (const std::runtime_error& error) {
    const std::string text = error.what();
    const auto at = text.find("a.conf");
    return at == std::string::npos ? text : text.substr(at);
  }
}

TEST_CASE("what is wrong with an option is told with the place where it was said") {
  CHECK(refused_options("\nssl = perhaps") ==
        "a.conf:3: oslo_messaging_rabbit.ssl: \"perhaps\" is not true or false");
  CHECK(refused_options("rabbit_ha_queues = true\nrabbit_quorum_queue = true") ==
        "a.conf:3: oslo_messaging_rabbit.rabbit_quorum_queue: excludes rabbit_ha_queues: quorum "
        "queues are not mirrored");
  CHECK(refused_options("rabbit_stream_fanout = true") ==
        "a.conf:2: oslo_messaging_rabbit.rabbit_stream_fanout: needs a rabbit_qos_prefetch_count "
        "above 0");
  CHECK(refused_options("rabbit_qos_prefetch_count = 1", "?rabbit_stream_fanout=true") ==
        "rabbit_stream_fanout: needs rabbit_transient_quorum_queue");
  CHECK(refused_options("ssl = true\nssl_version = SSLv3")
            .starts_with("a.conf:3: oslo_messaging_rabbit.ssl_version: \"SSLv3\" is not offered"));
  CHECK(refused_options("ssl = true\nssl_ca_file = /nowhere")
            .starts_with("a.conf:3: oslo_messaging_rabbit.ssl_ca_file: /nowhere: "));
  CHECK(refused_options("ssl = true\nssl_enforce_fips_mode = true").find("no FIPS provider") !=
        std::string::npos);
  CHECK(
      refused_options("hostname = a/b").starts_with("a.conf:2: oslo_messaging_rabbit.hostname: "));
  CHECK(refused_options("", "?ssl=perhaps") == "ssl: \"perhaps\" is not true or false");
  CHECK(refused_options("", "?nonsense=1") == "there is no option \"nonsense\"");
}

TEST_CASE("versions of TLS are called as in Python, and old names of options count") {
  for (const char* version : {"", "SSLv23", "tlsv1", "TLSv1_1", "TLSv1_2", "TLSv1.3"}) {
    INFO(version);
    CHECK(refused_options("rabbit_use_ssl = true\nssl_version = " + std::string{version}) ==
          "none");
  }
  CHECK(refused_options("rabbit_quroum_max_memory_bytes = 5\nheartbeat_in_pthread = true\n"
                        "rpc_conn_pool_size = 3\nkombu_compression = bz2") == "none");
}

}  // namespace
