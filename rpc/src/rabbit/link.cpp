#include "link.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <random>
#include <thane/fiber_loop.hpp>
#include <thane/log.hpp>
#include <thane/timeout.hpp>
#include <utility>

#include "clock.hpp"
#include "queue_names.hpp"

namespace thane::rpc::internal::rabbit {

namespace {

using namespace std::chrono_literals;

constexpr Duration connect_limit = 10s;
constexpr Duration after_internal_error = 2s;  // As oslo.messaging waits.

}  // namespace

struct Link::Session {
  Session(amqp::ConnectionSettings settings, std::unique_ptr<BrokerStream> connected)
      : connection(std::move(settings), now()), stream(std::move(connected)) {}

  amqp::Connection connection;
  std::unique_ptr<BrokerStream> stream;
  ThreadGroup fibers{2};
};

Link::Link(const Broker& broker, std::string role) : broker_(broker), role_(std::move(role)) {}

Link::~Link() = default;

void Link::join(ChannelUser& user) {
  members_.push_back({&user});
  if (fibers_.running() == 0) {
    stopping_ = false;
    stop_.clear();
    fibers_.spawn([this] { run(); }, "rabbit " + role_);
  } else if (connection() != nullptr) {
    open_channel(members_.back());
    flush();
  }
}

void Link::leave(ChannelUser& user) {
  const auto found = std::ranges::find(members_, &user, &Member::user);
  if (found == members_.end()) return;
  const amqp::ChannelId channel = found->channel;
  members_.erase(found);
  user.left();
  amqp::Connection* const open = connection();
  if (open != nullptr && channel != 0) {
    open->close_channel(channel);
    flush();
  }
  if (!members_.empty()) return;
  stopping_ = true;
  stop_.set();
  if (open != nullptr) {
    open->close(now());
    flush();
    hurry();
  } else {
    fibers_.kill();
  }
  fibers_.wait();
}

amqp::Connection* Link::connection() noexcept {
  return session_ != nullptr && session_->connection.is_open() ? &session_->connection : nullptr;
}

void Link::run() {
  if (!schedule_) {
    schedule_.emplace(broker_.options, broker_.hosts.size(), std::random_device{}());
  }
  while (!stopping_) {
    const std::size_t host = schedule_->host();
    try {
      std::unique_ptr<BrokerStream> stream;
      {
        const Timeout limit{connect_limit};
        stream = connect(broker_, host);
      }
      Session session{
          broker_.settings_for(host, fmt::format("{}:{}:{}", program_name(), ::getpid(), role_)),
          std::move(stream)};
      outage_ = {};
      serve(session);
    } catch (const std::exception& error) {
      outage_ = {.address = {}, .text = error.what()};
    }
    if (stopping_) return;
    const Duration pause =
        std::max(schedule_->failed(), outage_.internal ? after_internal_error : Duration::zero());
    outage_.address = broker_.address_of(host);
    report(outage_);
    (void)stop_.wait_for(pause);
  }
}

// Until the connection is over, for whatever reason; that is in outage_ then.
void Link::serve(Session& session) {
  session_ = &session;
  struct Forget {
    Link& link;
    ~Forget() {
      link.session_ = nullptr;
      for (Member& member : link.members_) {
        member.channel = 0;
        member.reopen_at = never;
      }
    }
  } const forget{*this};
  session.fibers.spawn([&] { write(session); }, "rabbit " + role_ + " writer");
  session.fibers.spawn([&] { keep_time(session); }, "rabbit " + role_ + " clock");
  flush();
  read(session);
  session.fibers.kill();
  session.fibers.wait();
}

void Link::read(Session& session) {
  try {
    while (!session.connection.is_closed()) {
      const std::size_t size = session.stream->read_some(session.connection.space());
      if (size == 0) {
        if (outage_.text.empty()) outage_.text = "the broker has closed the connection";
        return;
      }
      session.connection.received(size, now());
      dispatch();
      if (session.connection.output_size() > 0) flush();
    }
    // What is left to say is the answer to its close, or why we gave up.
    session.fibers.kill();
    session.fibers.wait();
    session.stream->write_all(session.connection.take_output(now()));
  } catch (const std::exception& error) {
    if (outage_.text.empty()) outage_.text = error.what();
  }
  session.stream->close();
}

void Link::write(Session& session) {
  try {
    std::string output;
    for (;;) {
      dirty_.wait();
      dirty_.clear();
      for (;;) {
        for_each_user([](Member& member) { member.user->sending(); });
        output = session.connection.take_output(now(), std::move(output));
        if (output.empty()) break;
        session.stream->write_all(output);
        for_each_user([](Member& member) { member.user->sent(); });
      }
    }
  } catch (const std::exception& error) {
    if (outage_.text.empty()) outage_.text = error.what();
    session.stream->close();
  }
}

void Link::keep_time(Session& session) {
  for (;;) {
    session.connection.tick(now());
    dispatch();
    if (session.connection.is_closed()) {
      session.stream->close();
      return;
    }
    const TimePoint users = tick_users(now());
    if (session.connection.output_size() > 0) flush();
    (void)hurry_.wait_until(std::min(users, session.connection.deadline()));
    hurry_.clear();
  }
}

TimePoint Link::tick_users(TimePoint at) {
  TimePoint next = never;
  for_each_user([&](Member& member) {
    if (member.reopen_at <= at && connection() != nullptr) open_channel(member);
    next = std::min({next, member.reopen_at, member.user->tick(at)});
  });
  return next;
}

// Who hears of an event does not suspend: it lives until the next one is asked for.
void Link::dispatch() {
  while (session_ != nullptr) {
    auto* const event = session_->connection.next_event();
    if (event == nullptr) return;
    if (std::holds_alternative<amqp::Opened>(*event)) {
      open_channels();
    } else if (const auto* const end = std::get_if<amqp::Closed>(event)) {
      closed(*end);
    } else if (const auto* const gone = std::get_if<amqp::ChannelClosed>(event)) {
      Member* const member = member_of(gone->channel);
      if (member == nullptr) continue;
      member->channel = 0;
      member->reopen_at = deadline_after(now(), member->user->channel_closed(*gone));
      hurry();
    } else {
      hand_out(*event);
    }
  }
}

void Link::hand_out(amqp::Event& event) {
  const auto channel = std::visit(
      [](const auto& each) -> amqp::ChannelId {
        if constexpr (requires { each.channel; }) return each.channel;
        return 0;
      },
      event);
  if (channel == 0) {
    for_each_user([&](Member& member) { member.user->happened(event); });
  } else if (Member* const member = member_of(channel)) {
    member->user->happened(event);
  }
}

void Link::closed(const amqp::Closed& event) {
  if (event.by == amqp::ClosedBy::us) return;
  constexpr auto refused = static_cast<std::uint16_t>(amqp::ReplyCode::access_refused);
  constexpr auto not_allowed = static_cast<std::uint16_t>(amqp::ReplyCode::not_allowed);
  outage_.text = event.code == 0 ? event.text : fmt::format("{} {}", event.code, event.text);
  outage_.refused = event.code == refused || event.code == not_allowed;
  outage_.internal = event.code == static_cast<std::uint16_t>(amqp::ReplyCode::internal_error);
}

void Link::open_channels() {
  schedule_->connected();
  log::debug("rabbit {}: connected", role_);
  for_each_user([this](Member& member) { open_channel(member); });
  hurry();
}

void Link::open_channel(Member& member) {
  member.reopen_at = never;
  try {
    member.channel = session_->connection.open_channel();
    member.user->opened(session_->connection, member.channel);
  } catch (const std::exception& error) {  // The broker allows for no more; names are too long.
    log::error("rabbit {}: {}", role_, error.what());
  }
}

void Link::report(const Outage& outage) {
  log::warning("rabbit {}: no connection to {}: {}", role_, outage.address, outage.text);
  for_each_user([&](Member& member) { member.user->lost(outage); });
}

Link::Member* Link::member_of(amqp::ChannelId channel) noexcept {
  const auto found = std::ranges::find(members_, channel, &Member::channel);
  return found == members_.end() ? nullptr : &*found;
}

}  // namespace thane::rpc::internal::rabbit
