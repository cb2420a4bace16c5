#include "content.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace thane::rpc::amqp {

namespace {

// What a peer only announces is not yet worth more memory than this.
constexpr std::size_t body_reserve = 256 * 1024;

}  // namespace

ContentAssembler::Message* ContentAssembler::header(std::string_view payload) {
  if (awaits_ != Awaits::header) {
    throw protocol_error(ReplyCode::unexpected_frame, "a content header that belongs to no method");
  }
  ContentHeader header = read_content_header(payload);
  if (header.body_size > limit_) {
    throw protocol_error(
        ReplyCode::content_too_large,
        fmt::format("a message of {} octets, where {} are allowed", header.body_size, limit_));
  }
  awaits_ = Awaits::body;
  missing_ = header.body_size;
  text().reserve(std::min<std::size_t>(missing_, body_reserve));
  if (auto* const delivered = std::get_if<Delivered>(&message_)) {
    delivered->properties = std::move(header.properties);
  }
  return finish_if_complete();
}

ContentAssembler::Message* ContentAssembler::body(std::string_view payload) {
  if (awaits_ != Awaits::body) {
    throw protocol_error(ReplyCode::unexpected_frame, "a body frame without a content header");
  }
  if (payload.size() > missing_) {
    throw protocol_error(ReplyCode::frame_error, "a body that is longer than its header says");
  }
  missing_ -= payload.size();
  text().append(payload);
  return finish_if_complete();
}

std::string& ContentAssembler::text() {
  return std::visit([](auto& message) -> std::string& { return message.body; }, message_);
}

ContentAssembler::Message* ContentAssembler::finish_if_complete() {
  if (missing_ > 0) return nullptr;
  awaits_ = Awaits::method;
  return &message_;
}

}  // namespace thane::rpc::amqp
