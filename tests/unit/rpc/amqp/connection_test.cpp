#include "amqp/connection.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "peer.hpp"
#include "support/broker_side.hpp"

using namespace thane::rpc::amqp;
using namespace thane::testing;
using namespace std::chrono_literals;
using namespace std::string_view_literals;
namespace broker = thane::testing::broker;

namespace {

template <class Wanted>
Wanted only(const std::vector<Event>& events) {
  REQUIRE(events.size() == 1);
  const auto* const event = std::get_if<Wanted>(&events.front());
  REQUIRE(event != nullptr);
  return *event;
}

// The code of the last event.
int violation(const std::vector<Event>& events) {
  REQUIRE_FALSE(events.empty());
  const auto closed = only<Closed>({events.back()});
  CHECK(closed.by == ClosedBy::violation);
  return closed.code;
}

TEST_CASE("the handshake logs in, takes the lesser limits and opens the virtual host") {
  Peer peer{{.user = "me", .password = "it", .virtual_host = "vh", .name = "prog:1"}};
  CHECK(peer.say(broker::start()).empty());
  const auto [id, arguments] = peer.sent();
  CHECK(id == MethodId::connection_start_ok);
  Reader from{arguments};
  const Table properties = read_table(from);
  CHECK(properties.text("connection_name") == "prog:1");
  CHECK(std::get<Table>(properties.find("capabilities")->value).find("connection.blocked"));
  CHECK(from.short_string() == "PLAIN");
  CHECK(from.long_string() == "\0me\0it"sv);
  CHECK(from.short_string() == "en_US");

  CHECK(peer.say(broker::tune(8192, 30)).empty());
  CHECK(peer.sent() ==
        std::pair{MethodId::connection_tune_ok, std::string{"\x07\xff\0\0\x20\0\0\x1e", 8}});
  CHECK(peer.sent() == std::pair{MethodId::connection_open, std::string{"\x02vh\0\0", 5}});
  CHECK_FALSE(peer.connection.is_open());
  (void)only<Opened>(peer.say(broker::open_ok()));
  CHECK(peer.connection.is_open());
  CHECK(peer.connection.heartbeat() == 30s);
}

TEST_CASE("where the broker has no limit ours counts, and of two heartbeats the more frequent") {
  const auto tuned = [](ConnectionSettings settings, std::uint16_t theirs) {
    Peer peer{std::move(settings)};
    (void)peer.say(broker::start());
    (void)peer.sent();
    (void)peer.say(broker::method(0, MethodId::connection_tune, [&](Writer& to) {
      to.short_integer(0);
      to.long_integer(0);
      to.short_integer(theirs);
    }));
    return peer.sent();
  };
  // 2047 channels, frames of 131072 octets, and the seconds.
  const auto answer = [](char seconds) {
    std::string text{"\x07\xff\0\x02\0\0\0", 7};
    return std::pair{MethodId::connection_tune_ok, text + seconds};
  };
  CHECK(tuned({}, 0) == answer(60));
  CHECK(tuned({}, 30) == answer(30));
  CHECK(tuned({.heartbeat = 20s}, 30) == answer(20));
  CHECK(tuned({.heartbeat = 0s}, 30) == answer(0));
}

// Mechanism and response with which a client answers the offer.
std::pair<std::string, std::string> log_in(Mechanism mechanism, std::string_view offered) {
  Peer peer{{.mechanism = mechanism, .user = "me", .password = "it"}};
  (void)peer.say(broker::start(offered));
  const std::string arguments = peer.sent().second;
  Reader from{arguments};
  (void)read_table(from);
  const std::string name{from.short_string()};
  return {name, std::string{from.long_string()}};
}

TEST_CASE("each mechanism logs in with its own response; one that is not offered ends it") {
  using Answer = std::pair<std::string, std::string>;
  constexpr auto all = "PLAIN AMQPLAIN EXTERNAL RABBIT-CR-DEMO";
  const std::string plain{"\0me\0it", 6};
  CHECK(log_in(Mechanism::plain, all) == Answer{"PLAIN", plain});
  CHECK(log_in(Mechanism::amqplain, all) ==
        Answer{"AMQPLAIN", std::string{"\x05LOGINS\0\0\0\x02me\x08PASSWORDS\0\0\0\x02it", 29}});
  CHECK(log_in(Mechanism::amqplain, "PLAIN") == Answer{"PLAIN", plain});
  CHECK(log_in(Mechanism::external, all) == Answer{"EXTERNAL", ""});
  CHECK(log_in(Mechanism::rabbit_cr_demo, all) == Answer{"RABBIT-CR-DEMO", "me"});
  Peer refused{{.mechanism = Mechanism::external}};
  CHECK(violation(refused.say(broker::start("PLAIN"))) == 403);
}

TEST_CASE("a challenge is answered by the mechanism that knows of them, and by no other") {
  const auto secure = broker::method(0, MethodId::connection_secure, [](Writer& to) {
    to.long_string("Please tell me your password");
  });
  Peer demo{{.mechanism = Mechanism::rabbit_cr_demo, .password = "it"}};
  (void)demo.say(broker::start("RABBIT-CR-DEMO"));
  CHECK(demo.sent_method() == MethodId::connection_start_ok);
  CHECK(demo.say(secure).empty());
  const auto [id, arguments] = demo.sent();
  CHECK(id == MethodId::connection_secure_ok);
  CHECK(Reader{arguments}.long_string() == "My password is it");
  Peer plain;
  (void)plain.say(broker::start());
  CHECK(violation(plain.say(secure)) == 503);
}

TEST_CASE("a wrong password is told by the broker") {
  Peer peer;
  (void)peer.say(broker::start());
  const auto closed = only<Closed>(peer.say(broker::close(0, 403, "ACCESS_REFUSED")));
  CHECK(closed.by == ClosedBy::peer);
  CHECK(closed.code == 403);
  CHECK(peer.sent_method() == MethodId::connection_start_ok);
  CHECK(peer.sent_method() == MethodId::connection_close_ok);
}

TEST_CASE("a handshake that hangs, or speaks another version, is given up") {
  Peer silent;
  CHECK(silent.connection.deadline() == begin + 10s);
  CHECK(only<Closed>(silent.tick_at(begin + 10s)).by == ClosedBy::silence);
  Peer other;
  CHECK(violation(other.say(broker::start("PLAIN", 8))) == 530);
  Peer http;
  CHECK(violation(http.say("HTTP/1.1 400 Bad Request\r\n")) == 501);
  CHECK(http.connection.take_output(begin).empty());  // It would not understand.
  Peer small;
  (void)small.say(broker::start());
  CHECK(violation(small.say(broker::tune(1000))) == 530);
}

TEST_CASE("requests may be sent at once and are answered in their order") {
  OpenPeer peer;
  const auto exchange = peer.connection.request(peer.channel, DeclareExchange{.name = "openstack"});
  const auto queue = peer.connection.request(
      peer.channel, DeclareQueue{.name = "demo", .arguments = {{{"x-expires", {1800000}}}}});
  CHECK(peer.sent() == std::pair{MethodId::exchange_declare,
                                 std::string{"\0\0\x09openstack\x05topic\0\0\0\0\0", 23}});
  CHECK(peer.sent() == std::pair{MethodId::queue_declare,
                                 std::string{"\0\0\x04"
                                             "demo\0\0\0\0\x0f\x09x-expiresI\x00\x1b\x77\x40",
                                             27}});
  CHECK(only<Completed>(peer.say(broker::method(peer.channel, MethodId::exchange_declare_ok)))
            .request == exchange);
  CHECK(only<Completed>(peer.say(broker::method(peer.channel, MethodId::queue_declare_ok,
                                                [](Writer& to) {
                                                  to.short_string("demo");
                                                  to.long_long_integer(0);
                                                })))
            .request == queue);
  CHECK(violation(peer.say(broker::method(peer.channel, MethodId::queue_bind_ok))) == 503);
}

TEST_CASE("a message is delivered once all of its frames are there") {
  OpenPeer peer;
  const std::string octets = broker::deliver(peer.channel, 7, std::string(2500, 'x'), 1000);
  CHECK(peer.say(octets.substr(0, octets.size() - 1)).empty());
  const auto message = only<Delivered>(peer.say(octets.substr(octets.size() - 1)));
  CHECK(message.delivery_tag == 7);
  CHECK(message.consumer_tag == "1");
  CHECK(message.redelivered);
  CHECK(message.routing_key == "demo.s1");
  CHECK(message.properties.content_type == "application/json");
  CHECK(message.body == std::string(2500, 'x'));
  CHECK(only<Delivered>(peer.say(broker::deliver(peer.channel, 8, ""))).body.empty());

  peer.connection.ack(peer.channel, 8, Multiple::yes);
  CHECK(peer.sent() == std::pair{MethodId::basic_ack, std::string{"\0\0\0\0\0\0\0\x08\x01", 9}});
  peer.connection.reject(peer.channel, 9, Channel::Requeue::no);
  CHECK(peer.sent() == std::pair{MethodId::basic_reject, std::string{"\0\0\0\0\0\0\0\x09\0", 9}});
}

TEST_CASE("frames out of place end the connection with the code of the specification") {
  const auto code = [](const std::string& octets, ConnectionSettings settings = {}) {
    OpenPeer peer{std::move(settings)};
    const int found = violation(peer.say(octets));
    CHECK(peer.connection.take_output(peer.now).find("\0\x0a\0\x32"sv) != std::string::npos);
    return found;
  };
  using broker::content;
  using broker::deliver_method;
  CHECK(code(deliver_method(1, 1) + broker::ack(1, 1)) == 505);
  CHECK(code(deliver_method(1, 1) + broker::frame(FrameType::body, 1, "x")) == 505);
  CHECK(code(content(1, "x", 10)) == 505);
  CHECK(code(deliver_method(1, 1) + content(1, "x", 10) + broker::frame(FrameType::body, 1, "y")) ==
        505);
  CHECK(code(deliver_method(1, 1) + content(1, "xy", 1).substr(0, 22) +
             broker::frame(FrameType::body, 1, "xyz")) == 501);
  CHECK(code(deliver_method(1, 1) + content(1, "12345", 10), {.max_message_size = 4}) == 311);
  CHECK(code(broker::deliver(2, 1, "x")) == 504);
  CHECK(code(broker::deliver_method(0, 1)) == 503);
  CHECK(code(broker::method(1, MethodId::connection_start)) == 503);
  CHECK(code(broker::start()) == 503);
  CHECK(code(broker::method(1, MethodId::channel_flow_ok)) == 503);
  CHECK(code(broker::method(1, MethodId{0x00FF00FF})) == 503);
  CHECK(code(broker::frame(FrameType::method, 1, "\0\x3c")) == 502);
  CHECK(code(broker::method(1, MethodId::basic_ack)) == 502);
  CHECK(code(broker::method(1, MethodId::channel_flow, [](Writer& to) {
          to.octet(1);
          to.octet(1);
        })) == 502);
}

TEST_CASE("a publish is cut into frames, and settled by its confirm") {
  OpenPeer peer;
  (void)peer.connection.request(peer.channel, SelectConfirms{});
  (void)peer.say(broker::method(peer.channel, MethodId::confirm_select_ok));
  while (peer.sent_method() != MethodId{0}) {
  }
  const Properties properties{.content_type = "application/json"};
  const std::string body(131072, 'b');
  const Message message{"x", "k", body, properties, Mandatory::yes};
  CHECK(peer.connection.publish(peer.channel, message) == 1);
  CHECK(peer.connection.publish(peer.channel, message) == 2);
  CHECK(peer.connection.unconfirmed(peer.channel) == 2);
  CHECK(peer.sent() == std::pair{MethodId::basic_publish, std::string{"\0\0\1x\1k\1", 7}});
  CHECK(peer.sent().second.size() == 31);
  CHECK(peer.sent().second.size() == 131064);
  CHECK(peer.sent().second.size() == 8);

  CHECK(peer.say(broker::give_back(peer.channel, "x", "k", body)).empty());
  const auto events = peer.say(broker::ack(peer.channel, 2, true));
  REQUIRE(events.size() == 2);
  CHECK(std::get<Settled>(events[0]).outcome == Outcome::returned);
  CHECK(std::get<Settled>(events[0]).text == "NO_ROUTE");
  CHECK(std::get<Settled>(events[1]).outcome == Outcome::confirmed);
  CHECK(peer.connection.unconfirmed(peer.channel) == 0);
}

TEST_CASE("a name that is too long throws, and nothing of the message is sent") {
  OpenPeer peer;
  const std::string name(256, 'n');
  const Properties properties;
  CHECK_THROWS_AS(peer.connection.publish(peer.channel, {name, "", "", properties}),
                  std::invalid_argument);
  CHECK_THROWS_AS(peer.connection.publish(peer.channel, {"e", "k", "", {.content_type = name}}),
                  std::invalid_argument);
  CHECK_THROWS_AS(peer.connection.request(peer.channel, DeclareQueue{.name = name}),
                  std::invalid_argument);
  CHECK(peer.connection.output_size() == 0);
}

TEST_CASE("the broker may close a channel: it is gone, the connection stays") {
  OpenPeer peer;
  (void)peer.connection.request(peer.channel, DeclareQueue{.name = "q"});
  const auto closed =
      only<ChannelClosed>(peer.say(broker::close(peer.channel, 406, "PRECONDITION_FAILED")));
  CHECK(closed.by == ClosedBy::peer);
  CHECK(closed.code == 406);
  CHECK(peer.sent_method() == MethodId::queue_declare);
  CHECK(peer.sent_method() == MethodId::channel_close_ok);
  CHECK(peer.connection.request(peer.channel, SelectConfirms{}) == 0);
  CHECK(peer.connection.open_channel() == peer.channel);
}

TEST_CASE("after our close of a channel what was on its way is dropped") {
  OpenPeer peer;
  peer.connection.close_channel(peer.channel);
  CHECK(peer.sent_method() == MethodId::channel_close);
  CHECK(peer.say(broker::deliver(peer.channel, 1, "late")).empty());
  peer.connection.ack(peer.channel, 1);
  CHECK(peer.connection.output_size() == 0);
  CHECK(
      only<ChannelClosed>(peer.say(broker::method(peer.channel, MethodId::channel_close_ok))).by ==
      ClosedBy::us);
}

TEST_CASE("a consumer that the broker cancels is reported, and confirmed if asked") {
  OpenPeer peer;
  for (const int nowait : {1, 0}) {
    CHECK(only<ConsumerCancelled>(peer.say(broker::method(peer.channel, MethodId::basic_cancel,
                                                          [&](Writer& to) {
                                                            to.short_string("3");
                                                            to.octet(nowait != 0 ? 1 : 0);
                                                          })))
              .consumer_tag == "3");
    CHECK(peer.sent_method() == (nowait != 0 ? MethodId{0} : MethodId::basic_cancel_ok));
  }
}

TEST_CASE("a blocked connection may not publish, nor one whose channel is stopped") {
  OpenPeer peer;
  CHECK(peer.connection.may_publish());
  const auto block = broker::method(0, MethodId::connection_blocked,
                                    [](Writer& to) { to.short_string("low on memory"); });
  CHECK(only<Blocked>(peer.say(block)).reason == "low on memory");
  CHECK_FALSE(peer.connection.may_publish());
  (void)only<Unblocked>(peer.say(broker::method(0, MethodId::connection_unblocked)));
  CHECK(peer.connection.may_publish());

  const auto flow = [&](std::uint8_t active) {
    return broker::method(peer.channel, MethodId::channel_flow,
                          [&](Writer& to) { to.octet(active); });
  };
  CHECK(peer.say(flow(0)).empty());
  CHECK_FALSE(peer.connection.may_publish());
  CHECK(peer.sent() == std::pair{MethodId::channel_flow_ok, std::string{"\0", 1}});
  CHECK(peer.say(flow(1)).empty());
  CHECK(peer.connection.may_publish());
}

TEST_CASE("events come in their order, also what is decided while they are looked at") {
  EventQueue queue;
  CHECK(queue.next() == nullptr);
  for (int round = 0; round < 2; ++round) {
    queue.push(Completed{.request = 1});
    queue.push(Completed{.request = 2});
    Event* const first = queue.next();
    for (RequestId more = 3; more < 400; ++more) queue.push(Completed{.request = more});
    REQUIRE(first != nullptr);
    CHECK(std::get<Completed>(*first).request == 1);
    for (RequestId expected = 2; expected < 400; ++expected) {
      Event* const next = queue.next();
      REQUIRE(next != nullptr);
      CHECK(std::get<Completed>(*next).request == expected);
    }
    CHECK(queue.next() == nullptr);
  }
}

TEST_CASE("what is to be sent next is written where what was sent last has been") {
  OpenPeer peer;
  std::string memory;
  memory.reserve(5000);
  const char* const place = memory.data();
  memory = peer.connection.take_output(peer.now, std::move(memory));
  CHECK(memory.data() == place);  // It was not needed.

  const auto publish = [&] {
    (void)peer.connection.publish(peer.channel, {"", "q", "body", {}, Mandatory::no});
  };
  publish();
  memory += "sent already";
  const std::string first = peer.connection.take_output(peer.now, std::move(memory));
  publish();
  const std::string second = peer.connection.take_output(peer.now);
  CHECK(second.data() == place);
  CHECK(second == first);
}

TEST_CASE("heartbeats are sent in silence, and asked of the peer") {
  OpenPeer peer;
  CHECK(peer.connection.deadline() == begin + 30s);
  CHECK(peer.tick_at(begin + 30s).empty());
  CHECK(peer.connection.take_output(peer.now) == broker::heartbeat());
  CHECK(peer.say(broker::heartbeat()).empty());
  CHECK(peer.tick_at(begin + 60s).empty());
  CHECK(peer.connection.take_output(peer.now) == broker::heartbeat());
  CHECK(peer.connection.deadline() == begin + 90s);
  CHECK(only<Closed>(peer.tick_at(begin + 90s)).by == ClosedBy::silence);
  CHECK(peer.connection.deadline() == thane::never);

  OpenPeer talking;
  (void)talking.tick_at(begin + 20s);
  (void)talking.connection.request(talking.channel, SelectConfirms{});
  CHECK_FALSE(talking.connection.take_output(talking.now).empty());
  CHECK(talking.connection.deadline() == begin + 50s);  // What it has said is sign enough.

  OpenPeer often{{.heartbeat_rate = 3}};
  CHECK(often.connection.deadline() == begin + 20s);
  OpenPeer off{{.heartbeat = 0s}};
  CHECK(off.connection.deadline() == thane::never);
}

TEST_CASE("a connection is closed by the broker, by us, or by its silence about our close") {
  OpenPeer by_peer;
  const auto closed = only<Closed>(by_peer.say(broker::close(0, 320, "CONNECTION_FORCED")));
  CHECK(closed.by == ClosedBy::peer);
  CHECK(closed.text == "CONNECTION_FORCED");
  CHECK(by_peer.sent_method() == MethodId::connection_close_ok);
  CHECK(by_peer.say(broker::heartbeat()).empty());

  OpenPeer by_us;
  by_us.connection.close(begin);
  CHECK(by_us.sent_method() == MethodId::connection_close);
  CHECK(by_us.say(broker::deliver(by_us.channel, 1, "late")).empty());
  CHECK(by_us.say(broker::close(0, 320, "at the same time")).empty());
  CHECK(by_us.sent_method() == MethodId::connection_close_ok);
  CHECK(only<Closed>(by_us.say(broker::method(0, MethodId::connection_close_ok))).by ==
        ClosedBy::us);

  OpenPeer unanswered;
  unanswered.connection.close(begin);
  CHECK(unanswered.connection.deadline() == begin + 3s);
  CHECK(only<Closed>(unanswered.tick_at(begin + 3s)).by == ClosedBy::us);
}

TEST_CASE("the broker says how many channels there may be") {
  OpenPeer peer{{.channel_max = 2}};
  CHECK(peer.connection.open_channel() == 2);
  CHECK_THROWS_AS((void)peer.connection.open_channel(), std::runtime_error);
}

}  // namespace
