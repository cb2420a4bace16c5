#include "content.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace thane::rpc::amqp {

namespace {

// What a peer only announces is not yet worth more memory than this.
constexpr std::size_t body_reserve = 256 * 1024;

}  // namespace

std::optional<ContentAssembler::Message> ContentAssembler::header(std::string_view payload) {
  if (!message_ || has_header_) {
    throw protocol_error(ReplyCode::unexpected_frame, "a content header that belongs to no method");
  }
  ContentHeader header = read_content_header(payload);
  if (header.body_size > limit_) {
    throw protocol_error(
        ReplyCode::content_too_large,
        fmt::format("a message of {} octets, where {} are allowed", header.body_size, limit_));
  }
  has_header_ = true;
  missing_ = header.body_size;
  text().reserve(std::min<std::size_t>(missing_, body_reserve));
  if (auto* const delivered = std::get_if<Delivered>(&*message_)) {
    delivered->properties = std::move(header.properties);
  }
  return finish_if_complete();
}

std::optional<ContentAssembler::Message> ContentAssembler::body(std::string_view payload) {
  if (!has_header_) {
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
  return std::visit([](auto& message) -> std::string& { return message.body; }, *message_);
}

std::optional<ContentAssembler::Message> ContentAssembler::finish_if_complete() {
  if (missing_ > 0) return std::nullopt;
  has_header_ = false;
  return std::exchange(message_, std::nullopt);
}

}  // namespace thane::rpc::amqp
