// peer_rabbitmq_c: calls over RabbitMQ by librabbitmq, to measure others by.
//
//   ./peer_rabbitmq_c serve PORT [safely]    prints "ready" when it serves
//   ./peer_rabbitmq_c call PORT [safely]     reads what rounds to run (rpc_load.hpp)
//
// A question goes to a queue by the exchange of a topic, its answer straight to the queue of who
// asks, both as long as those of thane. Nothing is parsed, acknowledged or confirmed; with
// `safely`, deliveries are acknowledged and answers mandatory and confirmed.
#include <amqp.h>
#include <amqp_tcp_socket.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "rpc_load.hpp"

namespace {

using thane::bench::Round;

// What thane sends for a text of 100 octets.
constexpr std::size_t body_octets = 350;
constexpr amqp_channel_t channel = 1;

void check(bool good, const char* what) {
  if (good) return;
  (void)std::fprintf(stderr, "peer_rabbitmq_c: %s failed\n", what);
  std::exit(1);
}

amqp_bytes_t octets(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}

std::string_view view(amqp_bytes_t text) {
  return {static_cast<const char*>(text.bytes), text.len};
}

class Connection {
 public:
  Connection(int port, bool safely) : state_(amqp_new_connection()), safely_(safely) {
    amqp_socket_t* const socket = amqp_tcp_socket_new(state_);
    check(socket != nullptr && amqp_socket_open(socket, "127.0.0.1", port) == AMQP_STATUS_OK,
          "to connect");
    check(amqp_login(state_, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest")
                  .reply_type == AMQP_RESPONSE_NORMAL,
          "to log in");
    amqp_channel_open(state_, channel);
    done("a channel");
    amqp_exchange_declare(state_, channel, octets(exchange), octets("topic"), 0, 0, 0, 0,
                          amqp_empty_table);
    done("an exchange");
    if (safely) {
      amqp_confirm_select(state_, channel);
      done("confirms");
    }
  }

  void consume(std::string_view queue) {
    amqp_queue_declare(state_, channel, octets(queue), 0, 0, 0, 1, amqp_empty_table);
    done("a queue");
    amqp_queue_bind(state_, channel, octets(queue), octets(exchange), octets(queue),
                    amqp_empty_table);
    done("a binding");
    amqp_basic_consume(state_, channel, octets(queue), amqp_empty_bytes, 0, safely_ ? 0 : 1, 0,
                       amqp_empty_table);
    done("to consume");
  }

  void publish(std::string_view to_exchange, std::string_view key, std::string_view body,
               std::string_view reply_to, std::string_view id) {
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                        AMQP_BASIC_REPLY_TO_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG;
    properties.content_type = octets("application/json");
    properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
    properties.reply_to = octets(reply_to);
    properties.correlation_id = octets(id);
    const bool mandatory = safely_ && to_exchange.empty();
    check(amqp_basic_publish(state_, channel, octets(to_exchange), octets(key), mandatory ? 1 : 0,
                             0, &properties, octets(body)) == AMQP_STATUS_OK,
          "to publish");
  }

  template <class Use>
  void receive(Use use) {
    amqp_maybe_release_buffers(state_);
    amqp_envelope_t envelope;
    while (amqp_consume_message(state_, &envelope, nullptr, 0).reply_type != AMQP_RESPONSE_NORMAL) {
      amqp_frame_t frame;  // A confirm, which the call above does not take.
      check(amqp_simple_wait_frame(state_, &frame) == AMQP_STATUS_OK, "to receive");
    }
    if (safely_) amqp_basic_ack(state_, channel, envelope.delivery_tag, 0);
    use(envelope.message);
    amqp_destroy_envelope(&envelope);
  }

  static constexpr std::string_view exchange = "bench-c";

 private:
  void done(const char* what) {
    check(amqp_get_rpc_reply(state_).reply_type == AMQP_RESPONSE_NORMAL, what);
  }

  amqp_connection_state_t state_;
  bool safely_;
};

int serve(Connection& connection, std::string_view queue) {
  connection.consume(queue);
  std::puts("ready");
  std::fflush(stdout);
  for (;;) {
    connection.receive([&](const amqp_message_t& question) {
      connection.publish("", view(question.properties.reply_to), view(question.body), "",
                         view(question.properties.correlation_id));
    });
  }
}

void call(Connection& connection, std::string_view queue) {
  const std::string replies = std::string{queue} + "-replies";
  const std::string body(body_octets, 'x');
  connection.consume(replies);
  thane::bench::serve_rounds([&](Round& round) {
    std::vector<Round::Clock::time_point> sent(round.outstanding());
    const auto begin = [&](std::size_t index) {
      sent[index] = Round::Clock::now();
      connection.publish(Connection::exchange, queue, body, replies, std::to_string(index));
    };
    for (std::size_t i = 0; i < sent.size(); ++i) begin(i);
    for (std::size_t open = sent.size(); open > 0;) {
      connection.receive([&](const amqp_message_t& answer) {
        check(answer.body.len == body.size(), "to answer");
        const auto index = std::stoul(std::string{view(answer.properties.correlation_id)});
        const auto now = Round::Clock::now();
        round.answered(sent.at(index), now);
        if (round.over(now)) {
          --open;
        } else {
          begin(index);
        }
      });
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const bool safely = argc > 3;
  const std::string_view queue = safely ? "bench-c-safely" : "bench-c";
  Connection connection{std::atoi(argv[2]), safely};
  if (std::string_view{argv[1]} == "serve") return serve(connection, queue);
  call(connection, queue);
  return 0;
}
