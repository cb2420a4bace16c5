#include "local_incoming.hpp"

#include <limits>
#include <utility>

#include <thane/log.hpp>

#include "../message_fields.hpp"

namespace thane::rpc::internal {

LocalIncoming::LocalIncoming(std::shared_ptr<Link> link, const Frame& frame, Receiver& receiver)
    : link_(std::move(link)),
      id_(frame.id),
      answered_(true),  // Until it is known to be a call.
      receiver_(receiver) {
  unpack_text(frame.payload).move_to(*this);
  answered_ = frame.kind != FrameKind::call;
  link_->work_began();
  if (frame.expires != std::numeric_limits<std::int64_t>::max()) {
    expires = TimePoint{std::chrono::nanoseconds{frame.expires}};
  }
}

LocalIncoming::LocalIncoming(LocalIncoming& other, Again)
    : link_(other.link_),
      id_(other.id_),
      answered_(std::exchange(other.answered_, true)),
      receiver_(other.receiver_) {
  message = other.message;
  context = other.context;
  unique_id = other.unique_id;
  message_id = other.message_id;
  monitor_timeout = other.monitor_timeout;
  expires = other.expires;
  redelivered = true;
  link_->work_began();
}

LocalIncoming::~LocalIncoming() {
  link_->work_ended();
  if (!answered_) {
    tell([this] { link_->send({.kind = FrameKind::lost, .id = id_}); });
  }
}

void LocalIncoming::requeue() noexcept {
  tell([this] { receiver_.receive(std::unique_ptr<Incoming>(new LocalIncoming(*this, Again{}))); });
}

void LocalIncoming::reply(Reply reply) noexcept {
  if (std::exchange(answered_, true)) return;
  tell([&] {
    const std::string payload = pack_reply(message_id, reply);
    link_->send({.kind = FrameKind::reply, .id = id_, .payload = payload});
  });
}

void LocalIncoming::heartbeat() noexcept {
  tell([this] { link_->send({.kind = FrameKind::heartbeat, .id = id_}); });
}

// What fails here is memory, or an answer that is too long: the caller is told by the link's end.
template <class Send>
void LocalIncoming::tell(Send send) noexcept {
  try {
    send();
  } catch (const std::exception& error) {
    log::error("an answer cannot be sent: {}", error.what());
    link_->close();
  }
}

}  // namespace thane::rpc::internal
