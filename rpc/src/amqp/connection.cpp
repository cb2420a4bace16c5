#include "connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace thane::rpc::amqp {

namespace {

template <class Write>
void send_method(std::string& output, MethodId id, Write write) {
  write_frame_of(output, FrameType::method, 0, [&](Writer& to) {
    to.long_integer(static_cast<std::uint32_t>(id));
    write(to);
  });
}

std::string name_of(MethodId id) {
  const auto number = static_cast<std::uint32_t>(id);
  return fmt::format("{}.{}", number >> 16, number & 0xFFFF);
}

// The lesser of two limits, of which 0 means none.
template <class Number>
Number lesser(Number ours, Number theirs) {
  return theirs == 0 ? ours : std::min(ours, theirs);
}

Table client_properties(const ConnectionSettings& settings) {
  Table can;
  for (const char* ability : {"authentication_failure_close", "connection.blocked",
                              "consumer_cancel_notify", "publisher_confirms", "basic.nack"}) {
    can.fields.emplace_back(ability, Value{true});
  }
  Table all;
  all.fields.emplace_back("product", Value{std::string{"thane"}});
  all.fields.emplace_back("capabilities", Value{std::move(can)});
  if (!settings.name.empty()) all.fields.emplace_back("connection_name", Value{settings.name});
  return all;
}

}  // namespace

Connection::Connection(ConnectionSettings settings, TimePoint now)
    : settings_(std::move(settings)),
      parser_(settings_.frame_max),
      state_since_(now),
      last_received_(now),
      last_sent_(now) {
  to_.output = protocol_header;
}

void Connection::receive(std::string_view octets, TimePoint now) {
  if (state_ == State::closed) return;
  parser_.feed(octets);
  read_frames(now);
}

void Connection::received(std::size_t count, TimePoint now) {
  if (state_ == State::closed) return;
  parser_.filled(count);
  read_frames(now);
}

void Connection::read_frames(TimePoint now) {
  last_received_ = now;
  try {
    while (state_ != State::closed) {
      const auto frame = parser_.next();
      if (!frame) return;
      receive_frame(*frame);
    }
  } catch (const protocol_error& error) {
    if (state_ != State::start) send_close(static_cast<std::uint16_t>(error.code()), error.what());
    end(ClosedBy::violation, static_cast<std::uint16_t>(error.code()), error.what());
  }
}

void Connection::receive_frame(const Frame& frame) {
  if (frame.type == FrameType::method) {
    receive_method(frame);
  } else if (frame.type != FrameType::heartbeat && state_ != State::closing) {
    Channel& channel = channel_of(frame);
    if (frame.type == FrameType::header) {
      channel.receive_header(frame.payload);
    } else {
      channel.receive_body(frame.payload);
    }
  }
}

void Connection::receive_method(const Frame& frame) {
  Reader from{frame.payload};
  const auto id = MethodId{from.long_integer()};
  const bool for_connection = static_cast<std::uint32_t>(id) >> 16 == 10;
  if (state_ == State::closing) {
    if (for_connection) receive_while_closing(id);
    return;
  }
  if (for_connection != (frame.channel == 0)) {
    throw protocol_error(ReplyCode::command_invalid,
                         fmt::format("the method {} on channel {}", name_of(id), frame.channel));
  }
  if (for_connection) {
    receive_for_connection(id, from);
    return;
  }
  Channel& channel = channel_of(frame);
  channel.receive_method(id, from);
  if (channel.gone()) channels_.erase(frame.channel);
}

void Connection::receive_for_connection(MethodId id, Reader& from) {
  switch (id) {
    case MethodId::connection_start:
      expect_state(State::start, id);
      start(from);
      break;
    case MethodId::connection_secure:
      expect_state(State::tune, id);
      secure(from);
      break;
    case MethodId::connection_tune:
      expect_state(State::tune, id);
      tune(from);
      break;
    case MethodId::connection_open_ok:
      expect_state(State::opening, id);
      opened(from);
      break;
    case MethodId::connection_blocked:
    case MethodId::connection_unblocked:
      expect_state(State::open, id);
      blocked(id, from);
      break;
    case MethodId::connection_close:
      closed_by_peer(from);
      break;
    default:
      throw protocol_error(ReplyCode::command_invalid, "the unexpected method " + name_of(id));
  }
}

void Connection::expect_state(State state, MethodId id) const {
  if (state_ != state) {
    throw protocol_error(ReplyCode::command_invalid,
                         fmt::format("the method {} at the wrong time", name_of(id)));
  }
}

void Connection::start(Reader& from) {
  const unsigned major = from.octet();
  const unsigned minor = from.octet();
  (void)read_table(from);
  const std::string mechanisms{from.long_string()};
  (void)from.long_string();
  from.expect_end();
  if (major != 0 || minor != 9) {
    throw protocol_error(ReplyCode::not_allowed,
                         fmt::format("the peer speaks AMQP {}-{}, not 0-9-1", major, minor));
  }
  const FirstResponse login = log_in(credentials(), mechanisms);
  send_method(to_.output, MethodId::connection_start_ok, [&](Writer& to) {
    write_table(to, client_properties(settings_));
    to.short_string(login.mechanism);
    to.long_string(login.response);
    to.short_string("en_US");
  });
  state_ = State::tune;
}

void Connection::secure(Reader& from) {
  (void)from.long_string();
  from.expect_end();
  const std::string response = answer_challenge(credentials());
  send_method(to_.output, MethodId::connection_secure_ok,
              [&](Writer& to) { to.long_string(response); });
}

Credentials Connection::credentials() const noexcept {
  return {settings_.mechanism, settings_.user, settings_.password};
}

void Connection::tune(Reader& from) {
  settings_.channel_max = lesser(settings_.channel_max, from.short_integer());
  settings_.frame_max = lesser(settings_.frame_max, from.long_integer());
  const std::chrono::seconds theirs{from.short_integer()};
  from.expect_end();
  if (settings_.heartbeat.count() != 0 && theirs.count() != 0) {
    settings_.heartbeat = std::min(settings_.heartbeat, theirs);
  }
  if (settings_.frame_max < smallest_frame_max) {
    throw protocol_error(ReplyCode::not_allowed,
                         fmt::format("frames of {} octets are too small", settings_.frame_max));
  }
  parser_.set_frame_max(settings_.frame_max);
  send_method(to_.output, MethodId::connection_tune_ok, [&](Writer& to) {
    to.short_integer(settings_.channel_max);
    to.long_integer(settings_.frame_max);
    to.short_integer(static_cast<std::uint16_t>(settings_.heartbeat.count()));
  });
  send_method(to_.output, MethodId::connection_open, [&](Writer& to) {
    to.short_string(settings_.virtual_host);
    to.short_string("");
    to.octet(0);
  });
  state_ = State::opening;
}

void Connection::opened(Reader& from) {
  (void)from.short_string();
  from.expect_end();
  state_ = State::open;
  to_.events.push(Opened{});
}

void Connection::blocked(MethodId id, Reader& from) {
  if (id == MethodId::connection_unblocked) {
    from.expect_end();
    blocked_ = false;
    to_.events.push(Unblocked{});
    return;
  }
  std::string reason{from.short_string()};
  from.expect_end();
  blocked_ = true;
  to_.events.push(Blocked{std::move(reason)});
}

void Connection::closed_by_peer(Reader& from) {
  const std::uint16_t code = from.short_integer();
  std::string text{from.short_string()};
  (void)from.long_integer();
  from.expect_end();
  send_method(to_.output, MethodId::connection_close_ok, [](Writer&) {});
  end(ClosedBy::peer, code, std::move(text));
}

void Connection::receive_while_closing(MethodId id) {
  if (id == MethodId::connection_close_ok) {
    end(ClosedBy::us, 0, {});
  } else if (id == MethodId::connection_close) {
    send_method(to_.output, MethodId::connection_close_ok, [](Writer&) {});
  }
}

Channel& Connection::channel_of(const Frame& frame) {
  const auto found = channels_.find(frame.channel);
  if (found == channels_.end()) {
    throw protocol_error(ReplyCode::channel_error,
                         fmt::format("a frame for channel {}, which is not open", frame.channel));
  }
  return found->second;
}

void Connection::send_close(std::uint16_t code, std::string_view text) {
  send_method(to_.output, MethodId::connection_close, [&](Writer& to) {
    to.short_integer(code);
    to.short_string(text.substr(0, 255));
    to.long_integer(0);
  });
}

void Connection::end(ClosedBy by, std::uint16_t code, std::string text) {
  state_ = State::closed;
  channels_.clear();
  to_.events.push(Closed{.by = by, .code = code, .text = std::move(text)});
}

}  // namespace thane::rpc::amqp
