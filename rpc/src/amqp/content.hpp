// Messages put together from their method, header and body frames.
#pragma once

#include <cstddef>
#include <cstdint>
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
  [[nodiscard]] bool busy() const noexcept { return awaits_ != Awaits::method; }

  /// A message has been announced: to be given what its method says of it.
  template <class Announced>
  [[nodiscard]] Announced& begin() {
    awaits_ = Awaits::header;
    return message_.emplace<Announced>();
  }

  /// The message, to be taken before the next one begins, if that was its last frame; else null.
  /// Throws protocol_error 505 for a frame out of place, 501 for a body that is longer than
  /// announced, 311 for one above the limit.
  [[nodiscard]] Message* header(std::string_view payload);
  [[nodiscard]] Message* body(std::string_view payload);

 private:
  enum class Awaits { method, header, body };

  std::string& text();
  Message* finish_if_complete();

  std::size_t limit_;
  Message message_;
  Awaits awaits_ = Awaits::method;
  std::uint64_t missing_ = 0;
};

}  // namespace thane::rpc::amqp
