#include "connection.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

// What is called from outside: time, and requests of whoever uses the connection.

namespace thane::rpc::amqp {

namespace {

constexpr std::size_t most_memory = 64 * 1024;

}  // namespace

void Connection::tick(TimePoint now) {
  if (state_ == State::closed || now < deadline()) return;
  if (state_ == State::closing) {
    end(ClosedBy::us, 0, "the broker did not answer our close");
  } else if (state_ != State::open) {
    end(ClosedBy::silence, 0, "the handshake took too long");
  } else if (now - last_received_ >= settings_.heartbeat) {
    end(ClosedBy::silence, 0, "no heartbeat came from the broker");
  } else {
    write_frame_of(to_.output, FrameType::heartbeat, 0, [](Writer&) {});
    last_sent_ = now;  // Also if nobody takes it: one is enough.
  }
}

TimePoint Connection::deadline() const noexcept {
  switch (state_) {
    case State::closed:
      return never;
    case State::closing:
      return deadline_after(state_since_, settings_.close_limit);
    case State::open:
      break;
    default:
      return deadline_after(state_since_, settings_.handshake_limit);
  }
  if (settings_.heartbeat.count() == 0) return never;
  return std::min(last_received_ + settings_.heartbeat,
                  last_sent_ + Duration{settings_.heartbeat} / settings_.heartbeat_rate);
}

Event* Connection::next_event() {
  return to_.events.next();
}

std::string Connection::take_output(TimePoint now, std::string memory) {
  memory.clear();
  if (to_.output.empty()) return memory;
  last_sent_ = now;
  if (memory.capacity() > most_memory) memory.shrink_to_fit();
  return std::exchange(to_.output, std::move(memory));
}

bool Connection::may_publish() const noexcept {
  return state_ == State::open && !blocked_ &&
         std::ranges::all_of(channels_, [](const auto& each) { return each.second.flowing(); });
}

ChannelId Connection::open_channel() {
  // One never gets a number back that the broker may still send frames for.
  for (unsigned id = 1; id <= settings_.channel_max; ++id) {
    const auto channel = static_cast<ChannelId>(id);
    if (state_ == State::open && !channels_.contains(channel)) {
      channels_.try_emplace(channel, channel, settings_.max_message_size, to_);
      return channel;
    }
  }
  throw std::runtime_error("no channel can be opened on this connection");
}

Channel* Connection::usable(ChannelId channel) {
  const auto found = channels_.find(channel);
  const bool works = state_ == State::open && found != channels_.end() && !found->second.closing();
  return works ? &found->second : nullptr;
}

RequestId Connection::request(ChannelId channel, const Request& request) {
  Channel* const to = usable(channel);
  if (to == nullptr) return 0;
  to->request(last_request_ + 1, request);
  return ++last_request_;
}

PublishId Connection::publish(ChannelId channel, const Message& message) {
  Channel* const to = usable(channel);
  return to != nullptr ? to->publish(message, settings_.frame_max) : 0;
}

void Connection::ack(ChannelId channel, std::uint64_t delivery_tag, Multiple multiple) {
  if (Channel* const to = usable(channel)) to->ack(delivery_tag, multiple);
}

void Connection::reject(ChannelId channel, std::uint64_t delivery_tag, Channel::Requeue requeue) {
  if (Channel* const to = usable(channel)) to->reject(delivery_tag, requeue);
}

void Connection::close_channel(ChannelId channel) {
  if (Channel* const to = usable(channel)) to->close();
}

std::size_t Connection::unconfirmed(ChannelId channel) const noexcept {
  const auto found = channels_.find(channel);
  return found == channels_.end() ? 0 : found->second.unconfirmed();
}

void Connection::close(TimePoint now) {
  if (state_ == State::closed || state_ == State::closing) return;
  if (state_ != State::open) {
    end(ClosedBy::us, 0, "closed before it was open");
    return;
  }
  send_close(static_cast<std::uint16_t>(ReplyCode::success), "");
  state_ = State::closing;
  state_since_ = now;
}

}  // namespace thane::rpc::amqp
