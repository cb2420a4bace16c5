#include "consumers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <thane/log.hpp>
#include <type_traits>
#include <utility>

#include "clock.hpp"

namespace thane::rpc::internal::rabbit {

namespace {

using namespace std::chrono_literals;

// A queue that is deleted again and again is not declared more often than that.
constexpr Duration between_declarations = 1s;

bool is(const amqp::ChannelClosed& event, amqp::ReplyCode code) {
  return event.code == static_cast<std::uint16_t>(code);
}

std::optional<std::int64_t> integer(const amqp::Value& value) {
  return std::visit(
      [](const auto& each) -> std::optional<std::int64_t> {
        if constexpr (std::is_integral_v<std::decay_t<decltype(each)>>) return each;
        return std::nullopt;
      },
      value.value);
}

}  // namespace

void Consumers::start(Topology topology) {
  if (state_ != State::none) return;
  topology_ = std::move(topology);
  state_ = State::declaring;
  hopeless_.clear();
  failures_ = 0;
  stream_offset_.reset();
  changed_.clear();
  link_.join(*this);
}

bool Consumers::wait_until_ready(TimePoint deadline, std::optional<int> retry) {
  // Where the last attempt has failed, that one counts: whoever wants one try gets its answer now.
  const int before = failures_ - (link_.outage().text.empty() ? 0 : 1);
  for (;;) {
    if (state_ == State::ready) return true;
    if (state_ != State::declaring) return false;  // Cancelled meanwhile.
    if (!hopeless_.empty()) throw std::runtime_error(hopeless_);
    const int tried = failures_ - before;
    if (retry.value_or(-1) >= 0 && tried > *retry) {
      throw std::runtime_error(
          fmt::format("Unable to connect to AMQP server on {} after {} tries: {}",
                      link_.outage().address, tried, link_.outage().text));
    }
    if (!changed_.wait_until(deadline)) return false;
    changed_.clear();
  }
}

void Consumers::opened(amqp::Connection& connection, amqp::ChannelId channel) {
  connection_ = &connection;
  channel_ = channel;
  ++epoch_;
  acknowledgements_ = {};
  if (state_ == State::cancelling || state_ == State::cancelled) return;
  state_ = State::declaring;
  if (const int count = options().rabbit_qos_prefetch_count; count > 0) {
    (void)connection.request(channel, amqp::SetPrefetch{static_cast<std::uint16_t>(count)});
  }
  for (std::size_t i = 0; i < topology_.queues.size(); ++i) missing_.insert(i);
  declare();
}

void Consumers::declare() {
  declare_at_ = never;
  if (!stuck_.empty()) {
    (void)connection_->request(channel_, amqp::DeleteQueue{std::exchange(stuck_, {})});
  }
  for (const amqp::Request& request :
       without(concessions_.apply(topology_.declares), consumed_queues())) {
    (void)connection_->request(channel_, request);
  }
  for (const std::size_t index : std::exchange(missing_, {})) {
    const amqp::Consume request = consume(options(), topology_, index, stream_offset_);
    last_request_ = connection_->request(channel_, request);
  }
  link_.flush();
}

// They are left alone: where one is just being deleted, and is declared again before RabbitMQ has
// told us so, it neither cancels the consumer nor delivers to it.
std::vector<std::string> Consumers::consumed_queues() const {
  std::vector<std::string> queues;
  for (std::size_t i = 0; i < topology_.queues.size(); ++i) {
    if (!missing_.contains(i)) queues.push_back(topology_.queues[i]);
  }
  return queues;
}

void Consumers::happened(amqp::Event& event) {
  if (auto* const message = std::get_if<amqp::Delivered>(&event)) {
    note_offset(*message);
    delivered(*message, {epoch_, message->delivery_tag});
  } else if (const auto* const done = std::get_if<amqp::Completed>(&event)) {
    completed(done->request);
  } else if (const auto* const consumer = std::get_if<amqp::ConsumerCancelled>(&event)) {
    consumer_cancelled(consumer->consumer_tag);
  }
}

// A consumer that is made again goes on behind what it has seen of a stream.
void Consumers::note_offset(const amqp::Delivered& message) {
  if (topology_.stream.empty() || !message.properties.headers) return;
  const amqp::Value* const header = message.properties.headers->find("x-stream-offset");
  if (header == nullptr) return;
  if (const auto offset = integer(*header)) stream_offset_ = *offset + 1;
}

void Consumers::completed(amqp::RequestId request) {
  if (request != last_request_) return;
  if (state_ == State::declaring) {
    state_ = State::ready;
    hopeless_.clear();
    tried_to_delete_ = false;
  }
  if (state_ == State::cancelling) state_ = State::cancelled;
  changed_.set();
}

// Its queue was deleted, or its node has died.
void Consumers::consumer_cancelled(const std::string& tag) {
  if (state_ != State::ready && state_ != State::declaring) return;
  for (std::size_t i = 0; i < topology_.queues.size(); ++i) {
    if (consumer_tag(i) != tag) continue;
    const std::string& queue = topology_.queues[i];
    log::warning("rabbit: the queue {} has gone; it is declared again", queue);
    missing_.insert(i);
    if (queue == topology_.stream) stream_offset_.reset();  // The next one counts from 0.
  }
  if (missing_.empty()) return;
  declare_at_ = std::max(now(), declared_again_ + between_declarations);
  link_.hurry();
}

TimePoint Consumers::tick(TimePoint at) {
  if (declare_at_ <= at && connection_ != nullptr) {
    declared_again_ = at;
    declare();
  }
  return declare_at_;
}

Duration Consumers::channel_closed(const amqp::ChannelClosed& event) {
  gone();
  if (event.by == amqp::ClosedBy::us) return 1s;
  log::warning("rabbit: a channel of consumers was closed: {}", explain(event));
  return refused(event);
}

// How long to wait before the next attempt.
Duration Consumers::refused(const amqp::ChannelClosed& event) {
  if (is(event, amqp::ReplyCode::internal_error)) return 2s;
  if (is_about_acknowledgement(event)) return 0s;
  if (concessions_.learn(event, topology_.declares)) {
    log::warning("rabbit: it is declared without durability, as it was before");
    return 0s;
  }
  if (is(event, amqp::ReplyCode::not_found)) {
    const std::string stuck = unreachable_queue(event, topology_.queues);
    if (!stuck.empty() && !std::exchange(tried_to_delete_, true)) {
      log::warning("rabbit: the queue {} cannot be reached; it is deleted", stuck);
      stuck_ = stuck;
    }
    return 100ms;
  }
  hopeless_ = explain(event);
  return between_declarations;
}

void Consumers::lost(const Outage& outage) {
  gone();
  ++failures_;
  if (outage.refused) hopeless_ = outage.address + ": " + outage.text;
}

void Consumers::gone() {
  connection_ = nullptr;
  channel_ = 0;
  declare_at_ = never;
  missing_.clear();
  // What was delivered is ours no more: the broker gives it to others.
  if (state_ == State::cancelling) state_ = State::cancelled;
  if (state_ == State::ready) state_ = State::declaring;
  changed_.set();
}

void Consumers::cancel() {
  if (state_ != State::ready && state_ != State::declaring) return;
  state_ = connection_ != nullptr ? State::cancelling : State::cancelled;
  declare_at_ = never;
  changed_.set();
  if (connection_ == nullptr) return;
  for (std::size_t i = 0; i < topology_.queues.size(); ++i) {
    last_request_ = connection_->request(channel_, amqp::CancelConsumer{consumer_tag(i)});
  }
  link_.flush();
}

void Consumers::wait_until_cancelled() {
  while (state_ == State::cancelling) {
    changed_.wait();
    changed_.clear();
  }
}

void Consumers::leave(const std::string& queue) {
  if (state_ == State::none) return;
  sending();
  if (connection_ != nullptr && !queue.empty()) {
    (void)connection_->request(channel_, amqp::DeleteQueue{queue});
  }
  state_ = State::none;
  connection_ = nullptr;
  link_.leave(*this);
}

void Consumers::acknowledge(DeliveryId delivery) {
  if (delivery.epoch != epoch_ || connection_ == nullptr) return;
  acknowledgements_.acknowledge(delivery.tag);
  link_.flush();
}

void Consumers::reject(DeliveryId delivery, amqp::Channel::Requeue requeue) {
  if (delivery.epoch != epoch_ || connection_ == nullptr) return;
  acknowledgements_.reject(delivery.tag);
  connection_->reject(channel_, delivery.tag, requeue);
  link_.flush();
}

void Consumers::sending() {
  if (connection_ == nullptr || acknowledgements_.empty()) return;
  for (const auto& [tag, multiple] : acknowledgements_.take()) {
    connection_->ack(channel_, tag, multiple ? amqp::Multiple::yes : amqp::Multiple::no);
  }
}

}  // namespace thane::rpc::internal::rabbit
