#include "publisher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thane/fiber_loop.hpp>
#include <thane/log.hpp>
#include <utility>

namespace thane::rpc::internal::rabbit {

namespace {

using namespace std::chrono_literals;

// A message that makes the broker close the channel again and again is to blame for it.
constexpr int most_channels = 3;

// Exchange and key: what was declared for them once need not be again.
std::string key_of(const Route& route) {
  return route.declares.size() > 1 ? route.exchange + '\n' + route.routing_key : route.exchange;
}

std::string describe(const Outage& outage, int tries) {
  return fmt::format("Unable to connect to AMQP server on {} after {} tries: {}", outage.address,
                     tries, outage.text);
}

bool is_named_in(const std::string& text, const std::string& name) {
  return text.find('\'' + name + '\'') != std::string::npos;
}

}  // namespace

Publisher::~Publisher() = default;

void Publisher::send(Ptr message) {
  for (const auto* name : {&message->route.exchange, &message->route.routing_key}) {
    if (name->size() > 255) {
      throw std::invalid_argument(fmt::format(
          "a topic or server with a name of {} octets, where AMQP allows for 255", name->size()));
    }
  }
  if (const Outage& outage = link_.outage();
      connection_ == nullptr && !outage.text.empty() && count_failure(*message, outage)) {
    finish(message, {Delivery::Fate::failed, describe(outage, message->failures)});
    return;
  }
  waiting_.push_back(std::move(message));
  pump();
}

void Publisher::send_later(Ptr message, TimePoint when) {
  later_.emplace_back(when, std::move(message));
  link_.hurry();
}

TimePoint Publisher::tick(TimePoint now) {
  bool some = false;
  for (; !later_.empty() && later_.front().first <= now; later_.pop_front()) {
    waiting_.push_back(std::move(later_.front().second));
    some = true;
  }
  if (some) pump();
  return later_.empty() ? never : later_.front().first;
}

void Publisher::opened(amqp::Connection& connection, amqp::ChannelId channel) {
  connection_ = &connection;
  channel_ = channel;
  declared_.clear();
  first_sent_ = 1;
  (void)connection.request(channel, amqp::SelectConfirms{});
  pump();
}

void Publisher::pump() {
  if (connection_ == nullptr) return;
  bool some = false;
  while (!waiting_.empty() && connection_->may_publish() &&
         connection_->output_size() < high_water) {
    Ptr message = std::move(waiting_.front());
    waiting_.pop_front();
    if (message->abandoned) continue;
    if (message->expires != never && message->expires <= FiberLoop::current().now()) {
      finish(message, {Delivery::Fate::failed, "it was not sent in time"});
      continue;
    }
    some = true;
    publish(std::move(message));
  }
  if (some) link_.flush();
}

void Publisher::publish(Ptr message) {
  try {
    declare(message->route);
    const Route& route = message->route;
    (void)connection_->publish(channel_, {.exchange = route.exchange,
                                          .routing_key = route.routing_key,
                                          .body = message->content.body,
                                          .properties = message->content.properties,
                                          .mandatory = message->mandatory});
    sent_.push_back(std::move(message));
  } catch (const std::exception& error) {  // Nothing was sent.
    finish(message, {Delivery::Fate::failed, error.what()});
  }
}

void Publisher::declare(const Route& route) {
  if (route.declares.empty() || declared_.contains(key_of(route))) return;
  for (const amqp::Request& request : concessions_.apply(route.declares)) {
    (void)connection_->request(channel_, request);
  }
  declared_.insert(key_of(route));
}

void Publisher::happened(amqp::Event& event) {
  if (const auto* const settled = std::get_if<amqp::Settled>(&event)) {
    settle(*settled);
  } else if (const auto* const blocked = std::get_if<amqp::Blocked>(&event)) {
    log::warning("rabbit: the broker takes no messages: {}", blocked->reason);
  } else if (std::holds_alternative<amqp::Unblocked>(event)) {
    log::info("rabbit: the broker takes messages again");
    pump();
  }
}

void Publisher::settle(const amqp::Settled& settled) {
  if (settled.publish < first_sent_ || settled.publish - first_sent_ >= sent_.size()) return;
  const Ptr message = std::move(sent_[settled.publish - first_sent_]);
  while (!sent_.empty() && sent_.front() == nullptr) {
    sent_.pop_front();
    ++first_sent_;
  }
  if (message == nullptr) return;
  switch (settled.outcome) {
    case amqp::Outcome::confirmed:
      finish(message, {});
      break;
    case amqp::Outcome::returned:
      finish(message, {Delivery::Fate::returned, settled.text});
      break;
    case amqp::Outcome::refused:
      finish(message, {Delivery::Fate::failed, "the broker could not keep it"});
      break;
  }
}

Duration Publisher::channel_closed(const amqp::ChannelClosed& event) {
  const std::string text = explain(event);
  log::warning("rabbit: a channel for messages was closed: {}", text);
  // An exchange that has gone meanwhile is declared anew; any other trouble will not pass.
  const bool gone = event.code == static_cast<std::uint16_t>(amqp::ReplyCode::not_found);
  take_back();
  if (learn(event)) return 0s;
  std::deque<Ptr> all = std::exchange(waiting_, {});
  for (Ptr& message : all) {
    const Route& route = message->route;
    const bool named = is_named_in(text, route.exchange) || is_named_in(text, route.routing_key);
    if (named && (!gone || ++message->failures >= most_channels)) {
      finish(message, {Delivery::Fate::failed, text});
    } else {
      waiting_.push_back(std::move(message));
    }
  }
  return gone ? 0s : 1s;
}

// Whether what was refused will be declared so that it is taken.
bool Publisher::learn(const amqp::ChannelClosed& event) {
  return std::ranges::any_of(waiting_, [&](const Ptr& message) {
    return concessions_.learn(event, message->route.declares);
  });
}

void Publisher::lost(const Outage& outage) {
  take_back();
  std::deque<Ptr> all = std::exchange(waiting_, {});
  for (Ptr& message : all) {
    if (message->abandoned) continue;
    if (count_failure(*message, outage)) {
      finish(message, {Delivery::Fate::failed, describe(outage, message->failures)});
    } else {
      waiting_.push_back(std::move(message));
    }
  }
}

bool Publisher::count_failure(Publish& message, const Outage& outage) {
  ++message.failures;
  const int retry = message.retry.value_or(-1);
  return outage.refused || (retry >= 0 && message.failures > retry);
}

// What was sent without an answer is the first to go again.
void Publisher::take_back() {
  connection_ = nullptr;
  channel_ = 0;
  std::deque<Ptr> unsettled = std::exchange(sent_, {});
  std::erase(unsettled, nullptr);
  waiting_.insert(waiting_.begin(), std::make_move_iterator(unsettled.begin()),
                  std::make_move_iterator(unsettled.end()));
}

void Publisher::finish(const Ptr& message, Delivery delivery) {
  if (message->done && !message->abandoned) std::exchange(message->done, nullptr)(delivery);
}

}  // namespace thane::rpc::internal::rabbit
