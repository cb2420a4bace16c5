#include "reply_queue.hpp"

#include <exception>
#include <thane/log.hpp>
#include <utility>

#include "envelope.hpp"
#include "message_fields.hpp"

namespace thane::rpc::internal::rabbit {

ReplyQueue::ReplyQueue(Link& link, std::string name) : Consumers(link), name_(std::move(name)) {}

ReplyQueue::Expected::Expected(ReplyQueue& queue, std::string message_id, PendingCall& call)
    : queue_(queue), message_id_(std::move(message_id)) {
  queue_.calls_.insert_or_assign(message_id_, Call{&call});
}

void ReplyQueue::delivered(amqp::Delivered& message, DeliveryId id) {
  try {
    answered(decode_body(message.properties, std::move(message.body), max_body));
    acknowledge(id);
  } catch (const std::exception& error) {
    log::warning("rabbit: {} is no answer: {}", name_, error.what());
    reject(id, amqp::Channel::Requeue::no);
  }
}

void ReplyQueue::answered(std::string body) {
  UnpackedReply unpacked = unpack_reply_text(unwrap(std::move(body)));
  const auto found = calls_.find(unpacked.message_id);
  if (found == calls_.end()) {
    log::debug("rabbit: an answer to {}, for which nobody waits", unpacked.message_id);
    return;
  }
  Call& call = found->second;
  Reply& reply = unpacked.reply;
  if (!unpacked.ending) {
    if (reply.result.is_null() && !reply.failure) call.pending->heartbeat();
    if (!reply.result.is_null()) call.early.result = std::move(reply.result);
    return;
  }
  if (reply.result.is_null() && !reply.failure) reply.result = std::move(call.early.result);
  call.pending->answer(std::move(reply));
}

}  // namespace thane::rpc::internal::rabbit
