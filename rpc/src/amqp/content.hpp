// Messages put together from their method, header and body frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "events.hpp"
#include "properties.hpp"

namespace thane::rpc::amqp {

/// A message that the broker could not route, as it comes back.
struct ReturnedMessage {
  std::uint16_t code = 0;
  std::string text;
  std::string exchange;
  std::string routing_key;
  std::string body;
};

/// Of one channel: at most one message is on its way.
class ContentAssembler {
 public:
  using Message = std::variant<Delivered, ReturnedMessage>;

  explicit ContentAssembler(std::size_t max_message_size) noexcept : limit_(max_message_size) {}

  /// Whether a header or body frame has to come next.
  [[nodiscard]] bool busy() const noexcept { return message_.has_value(); }

  /// Takes the method that announces a message.
  void begin(Message message) { message_ = std::move(message); }

  /// The message, if that was its last frame. Throws protocol_error 505 for a frame out of place,
  /// 501 for a body that is longer than announced, 311 for one above the limit.
  [[nodiscard]] std::optional<Message> header(std::string_view payload);
  [[nodiscard]] std::optional<Message> body(std::string_view payload);

 private:
  std::string& text();
  std::optional<Message> finish_if_complete();

  std::size_t limit_;
  std::optional<Message> message_;
  bool has_header_ = false;
  std::uint64_t missing_ = 0;
};

}  // namespace thane::rpc::amqp
