#include <algorithm>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <utility>

#include <thane/fiber_loop.hpp>
#include <thane/log.hpp>
#include <thane/rpc/errors.hpp>

#include "../message_fields.hpp"
#include "local_client.hpp"

namespace thane::rpc::internal {

namespace {

// Takes a call out of the table when its fiber leaves, however it does.
class Registration {
 public:
  using Table = std::unordered_map<std::uint64_t, PendingCall*>;
  Registration(Table& table, std::uint64_t id, PendingCall& call) : table_(table), id_(id) {
    table_.emplace(id, &call);
  }
  ~Registration() { table_.erase(id_); }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

 private:
  Table& table_;
  std::uint64_t id_;
};

// As long as it takes workers to agree on who accepts.
constexpr Duration longest_welcome = std::chrono::milliseconds{20};

std::exception_ptr failure(const std::string& message) {
  return std::make_exception_ptr(MessageDeliveryFailure(message));
}

}  // namespace

void Channel::start() {
  FiberLoop::current().spawn([self = shared_from_this()] { self->read(); }, "rpc answers");
}

void Channel::retire() {
  usable_ = false;
  link_->finish();
}

void Channel::wait_for_hello() {
  const auto self = shared_from_this();
  late_ = !heard_.wait_for(longest_welcome);
}

std::optional<Reply> Channel::ask(FrameKind kind, const json& payload, TimePoint deadline,
                                  std::optional<Duration> monitor, const std::string& message_id) {
  const auto self = shared_from_this();  // The route may forget it meanwhile.
  const std::uint64_t id = ++next_id_;
  PendingCall call;
  const Registration registered{pending_, id, call};
  link_->wait_for_room();
  if (!usable_) return std::nullopt;
  link_->send({.kind = kind, .id = id, .expires = deadline.time_since_epoch().count()}, payload);
  return call.wait(deadline, monitor, message_id);
}

void Channel::tell(const json& payload) {
  link_->wait_for_room();
  link_->send({.kind = FrameKind::cast}, payload);
  link_->flush();
}

void Channel::read() {
  try {
    while (const auto frame = link_->next()) handle(*frame);
  } catch (const std::invalid_argument& error) {
    log::error("local:// leaves a server: {}", error.what());
  } catch (...) {
    end();
    throw;
  }
  end();
}

void Channel::handle(const Frame& frame) {
  const auto found = pending_.find(frame.id);
  PendingCall* const call = found == pending_.end() ? nullptr : found->second;
  switch (frame.kind) {
    case FrameKind::hello:
      server_ = frame.id;
      heard_.set();
      siblings_ = static_cast<std::size_t>(std::max<std::int64_t>(frame.expires, 1));
      return;
    case FrameKind::drain:
      return retire();
    case FrameKind::reply:
      if (call != nullptr) call->answer(unpack_reply_text(frame.payload).reply);
      return;
    case FrameKind::taken:
      if (call != nullptr) call->answer({});
      return;
    case FrameKind::heartbeat:
      if (call != nullptr) call->heartbeat();
      return;
    case FrameKind::lost:
      if (call != nullptr) call->fail(failure("the server gave no answer to the message"));
      return;
    case FrameKind::call:
    case FrameKind::cast:
      throw std::invalid_argument("a server that calls");
  }
}

// Before its hello nobody had taken the connection, and nothing that was sent on it.
void Channel::end() {
  usable_ = false;
  heard_.set();
  link_->close();
  for (const auto& [id, call] : pending_) {
    if (server_ == 0) {
      call->send_again();
    } else {
      call->fail(failure("the server's process " + std::to_string(server_) +
                         " has ended while it worked on the message"));
    }
  }
}

}  // namespace thane::rpc::internal
