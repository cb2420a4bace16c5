#include "listener.hpp"

#include <charconv>
#include <chrono>
#include <exception>
#include <thane/fiber_loop.hpp>
#include <thane/log.hpp>
#include <thane/rpc/errors.hpp>
#include <utility>

#include "envelope.hpp"
#include "json_text.hpp"
#include "message_fields.hpp"

namespace thane::rpc::internal::rabbit {

namespace {

// The property says how long the message was good for when it was sent; how long ago that was,
// nobody says.
TimePoint expiry(const std::string& expiration) {
  if (expiration.empty()) return never;
  std::int64_t milliseconds = 0;
  const char* const end = expiration.data() + expiration.size();
  const auto [rest, error] = std::from_chars(expiration.data(), end, milliseconds);
  if (error != std::errc{} || rest != end || milliseconds < 0 ||
      milliseconds > std::chrono::milliseconds{std::chrono::hours{24 * 365}}.count()) {
    return never;
  }
  return deadline_after(FiberLoop::current().now(), std::chrono::milliseconds{milliseconds});
}

}  // namespace

class RabbitListener::Message final : public Incoming {
 public:
  Message(RabbitListener& listener, DeliveryId id, Unpacked unpacked)
      : listener_(listener), id_(id), reply_queue_(std::move(unpacked.reply_queue)) {
    unpacked.move_to(*this);
    if (reply_queue_.empty()) message_id.clear();  // There is no way back.
  }

  void acknowledge() noexcept override {
    if (!std::exchange(settled_, true)) listener_.acknowledge(id_);
  }
  void requeue() noexcept override {
    if (!std::exchange(settled_, true)) {
      listener_.seen_.forget(unique_id);
      listener_.reject(id_, amqp::Channel::Requeue::yes);
    }
  }
  void reply(Reply reply) noexcept override {
    send([&] { return pack_reply(message_id, reply); });
  }
  void heartbeat() noexcept override {
    send([&] { return pack_heartbeat(message_id); });
  }

 private:
  template <class Pack>
  void send(Pack pack) noexcept {
    if (message_id.empty()) return;
    try {
      listener_.replies_.send(reply_queue_, wrap(pack()), listener_.sender_);
    } catch (const std::exception& error) {
      log::error("rabbit: the answer to {} cannot be written: {}", message_id, error.what());
    }
  }

  RabbitListener& listener_;
  DeliveryId id_;
  std::string reply_queue_;
  bool settled_ = false;
};

RabbitListener::RabbitListener(Parts parts)
    : Consumers(parts.link),
      replies_(parts.replies),
      topology_(std::move(parts.topology)),
      target_(std::move(parts.target)),
      started_(std::move(parts.started)),
      closed_(std::move(parts.closed)) {}

Topology RabbitListener::make_topology() const {
  try {
    return topology_();
  } catch (const std::exception& error) {
    throw ServerListenError(target_, error.what());
  }
}

void RabbitListener::start(Receiver& receiver) {
  receiver_ = &receiver;
  sender_.closing = false;
  seen_ = {};
  Topology now = make_topology();
  own_queue_ = now.own_queue;
  started_();
  Consumers::start(std::move(now));
  try {
    (void)wait_until_ready(never);
  } catch (const std::exception& error) {
    leave({});
    closed_();
    throw ServerListenError(target_, error.what());
  }
}

void RabbitListener::stop() noexcept {
  try {
    cancel();
  } catch (const std::exception& error) {
    log::error("rabbit: {}", error.what());
  }
}

void RabbitListener::drain() {
  wait_until_cancelled();
}

void RabbitListener::close() {
  sender_.closing = true;
  sender_.answers.wait();
  leave(own_queue_);
  closed_();
}

void RabbitListener::delivered(amqp::Delivered& message, DeliveryId id) {
  try {
    const TimePoint expires = expiry(message.properties.expiration);
    const auto delivery = message.redelivered ? SeenIds::Delivery::again : SeenIds::Delivery::first;
    Unpacked unpacked =
        unpack_text(unwrap(decode_body(message.properties, std::move(message.body), max_body)));
    if (seen_.seen(unpacked.unique_id, delivery)) {
      log::warning("rabbit: the message {} came twice; it is dropped", unpacked.unique_id);
      acknowledge(id);
      return;
    }
    auto incoming = std::make_unique<Message>(*this, id, std::move(unpacked));
    incoming->redelivered = message.redelivered;
    incoming->expires = expires;
    receiver_->receive(std::move(incoming));
  } catch (const std::exception& error) {
    log::warning("rabbit: a message to {} was refused: {}", message.routing_key, error.what());
    reject(id, amqp::Channel::Requeue::no);
  }
}

}  // namespace thane::rpc::internal::rabbit
