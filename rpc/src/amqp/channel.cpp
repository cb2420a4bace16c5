#include "channel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "frame.hpp"

namespace thane::rpc::amqp {

namespace {

// Channel.Open is a request that nobody but the channel waits for.
constexpr RequestId own = 0;

template <class Write>
void send_method(std::string& output, ChannelId channel, MethodId id, Write write) {
  write_frame_of(output, FrameType::method, channel, [&](Writer& to) {
    to.long_integer(static_cast<std::uint32_t>(id));
    write(to);
  });
}

void send_empty(std::string& output, ChannelId channel, MethodId id) {
  send_method(output, channel, id, [](Writer&) {});
}

bool read_flag(Reader& from) {
  return (from.octet() & 1) != 0;
}

// What an answer holds besides its name; none of it is of use to us.
void skip_arguments(MethodId id, Reader& from) {
  switch (id) {
    case MethodId::channel_open_ok:
      (void)from.long_string();
      break;
    case MethodId::queue_declare_ok:
      (void)from.short_string();
      (void)from.long_long_integer();  // Two counts, of messages and of consumers.
      break;
    case MethodId::queue_delete_ok:
      (void)from.long_integer();
      break;
    case MethodId::basic_consume_ok:
    case MethodId::basic_cancel_ok:
      (void)from.short_string();
      break;
    default:
      break;
  }
}

}  // namespace

Channel::Channel(ChannelId id, std::size_t max_message_size, Outcomes& to)
    : id_(id), to_(to), content_(max_message_size) {
  send_method(to_.output, id_, MethodId::channel_open, [](Writer& w) { w.short_string(""); });
  pending_.push_back({own, MethodId::channel_open_ok});
}

void Channel::request(RequestId id, const Request& request) {
  write_frame_of(to_.output, FrameType::method, id_,
                 [&](Writer& to) { write_request(to, request); });
  const bool confirms = std::holds_alternative<SelectConfirms>(request);
  confirming_ = confirming_ || confirms;  // What is published behind it is numbered.
  pending_.push_back({id, answer_to(request), confirms});
}

PublishId Channel::publish(const Message& message, std::uint32_t frame_max) {
  const std::size_t begin = to_.output.size();
  try {
    send_method(to_.output, id_, MethodId::basic_publish, [&](Writer& to) {
      to.short_integer(0);
      to.short_string(message.exchange);
      to.short_string(message.routing_key);
      to.octet(message.mandatory == Mandatory::yes ? 1 : 0);
    });
    write_frame_of(to_.output, FrameType::header, id_, [&](Writer& to) {
      write_content_header(to, message.body.size(), message.properties);
    });
  } catch (...) {
    to_.output.resize(begin);
    throw;
  }
  const std::size_t piece = frame_max - frame_overhead;
  for (std::string_view rest = message.body; !rest.empty();) {
    const std::string_view part = rest.substr(0, piece);
    Writer to{to_.output};
    to.octet(static_cast<std::uint8_t>(FrameType::body));
    to.short_integer(id_);
    to.long_string(part);
    to_.output.push_back(frame_end);
    rest.remove_prefix(part.size());
  }
  if (!confirming_) return 0;
  return confirms_.add(message.exchange, message.routing_key, message.body, message.mandatory);
}

void Channel::ack(std::uint64_t delivery_tag, Multiple multiple) {
  send_method(to_.output, id_, MethodId::basic_ack, [&](Writer& to) {
    to.long_long_integer(delivery_tag);
    to.octet(multiple == Multiple::yes ? 1 : 0);
  });
}

void Channel::reject(std::uint64_t delivery_tag, Requeue requeue) {
  send_method(to_.output, id_, MethodId::basic_reject, [&](Writer& to) {
    to.long_long_integer(delivery_tag);
    to.octet(requeue == Requeue::yes ? 1 : 0);
  });
}

void Channel::close() {
  if (closing_) return;
  closing_ = true;
  send_method(to_.output, id_, MethodId::channel_close, [](Writer& to) {
    to.short_integer(static_cast<std::uint16_t>(ReplyCode::success));
    to.short_string("");
    to.long_integer(0);
  });
}

void Channel::receive_method(MethodId id, Reader& from) {
  if (closing_) {  // What was on its way when we closed is not for us any more.
    if (id == MethodId::channel_close_ok) {
      gone_ = true;
      to_.events.push(ChannelClosed{.channel = id_, .text = {}});
    } else if (id == MethodId::channel_close) {
      send_empty(to_.output, id_, MethodId::channel_close_ok);
    }
    return;
  }
  if (content_.busy()) {
    throw protocol_error(ReplyCode::unexpected_frame, "a method in the middle of a message");
  }
  switch (id) {
    case MethodId::channel_close:
      closed_by_peer(from);
      break;
    case MethodId::channel_flow:
      flowing_ = read_flag(from);
      from.expect_end();
      send_method(to_.output, id_, MethodId::channel_flow_ok,
                  [&](Writer& to) { to.octet(flowing_ ? 1 : 0); });
      break;
    case MethodId::basic_deliver:
      begin_delivery(from);
      break;
    case MethodId::basic_return:
      begin_return(from);
      break;
    case MethodId::basic_cancel:
      cancelled(from);
      break;
    case MethodId::basic_ack:
      settle(from, Outcome::confirmed);
      break;
    case MethodId::basic_nack:
      settle(from, Outcome::refused);
      break;
    default:
      answered(id, from);
  }
  from.expect_end();
}

void Channel::answered(MethodId id, Reader& from) {
  if (pending_.empty() || pending_.front().answer != id) {
    throw protocol_error(
        ReplyCode::command_invalid,
        fmt::format("the method {}.{}, which nobody has asked for",
                    static_cast<std::uint32_t>(id) >> 16, static_cast<std::uint32_t>(id) & 0xFFFF));
  }
  skip_arguments(id, from);
  from.expect_end();
  const RequestId request = pending_.front().id;
  pending_.pop_front();
  if (request != own) to_.events.push(Completed{.channel = id_, .request = request});
}

void Channel::closed_by_peer(Reader& from) {
  ChannelClosed event{.channel = id_,
                      .by = ClosedBy::peer,
                      .code = from.short_integer(),
                      .text = std::string{from.short_string()}};
  (void)from.long_integer();  // The method that is to blame; the text names it.
  from.expect_end();
  send_empty(to_.output, id_, MethodId::channel_close_ok);
  gone_ = true;
  to_.events.push(std::move(event));
}

void Channel::begin_delivery(Reader& from) {
  auto& delivered = content_.begin<Delivered>();
  delivered.channel = id_;
  delivered.consumer_tag = from.short_string();
  delivered.delivery_tag = from.long_long_integer();
  delivered.redelivered = read_flag(from);
  delivered.exchange = from.short_string();
  delivered.routing_key = from.short_string();
  from.expect_end();
}

void Channel::begin_return(Reader& from) {
  auto& returned = content_.begin<ReturnedMessage>();
  returned.code = from.short_integer();
  returned.text = from.short_string();
  returned.exchange = from.short_string();
  returned.routing_key = from.short_string();
  from.expect_end();
}

void Channel::cancelled(Reader& from) {
  std::string tag{from.short_string()};
  const bool no_wait = read_flag(from);
  from.expect_end();
  if (!no_wait) {
    send_method(to_.output, id_, MethodId::basic_cancel_ok,
                [&](Writer& to) { to.short_string(tag); });
  }
  to_.events.push(ConsumerCancelled{.channel = id_, .consumer_tag = std::move(tag)});
}

void Channel::settle(Reader& from, Outcome outcome) {
  const std::uint64_t tag = from.long_long_integer();
  const auto multiple = read_flag(from) ? Multiple::yes : Multiple::no;
  from.expect_end();
  for (Settled& settled : confirms_.settle(tag, multiple, outcome)) {
    settled.channel = id_;
    to_.events.push(std::move(settled));
  }
}

void Channel::receive_header(std::string_view payload) {
  if (closing_) return;
  if (auto* const message = content_.header(payload)) finish(*message);
}

void Channel::receive_body(std::string_view payload) {
  if (closing_) return;
  if (auto* const message = content_.body(payload)) finish(*message);
}

void Channel::finish(ContentAssembler::Message& message) {
  if (auto* const delivered = std::get_if<Delivered>(&message)) {
    to_.events.push(std::move(*delivered));
    return;
  }
  auto& returned = std::get<ReturnedMessage>(message);
  if (confirms_.note_return(returned.exchange, returned.routing_key, returned.body, returned.code,
                            returned.text)) {
    return;  // Settled comes with the confirm.
  }
  to_.events.push(Settled{.channel = id_,
                          .outcome = Outcome::returned,
                          .code = returned.code,
                          .text = std::move(returned.text)});
}

}  // namespace thane::rpc::amqp
