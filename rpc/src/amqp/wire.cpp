#include "wire.hpp"

#include <fmt/format.h>

#include "protocol.hpp"

namespace thane::rpc::amqp {

void Writer::short_string(std::string_view text) {
  if (text.size() > 255) {
    throw std::invalid_argument(fmt::format("a name in AMQP has at most 255 octets, not {}: {}...",
                                            text.size(), text.substr(0, 60)));
  }
  octet(static_cast<std::uint8_t>(text.size()));
  to_.append(text);
}

void Writer::long_string(std::string_view text) {
  long_integer(static_cast<std::uint32_t>(text.size()));
  to_.append(text);
}

std::size_t Writer::begin_size() {
  to_.append(4, '\0');
  return to_.size();
}

void Writer::end_size(std::size_t begun) {
  const std::size_t count = to_.size() - begun;
  for (std::size_t i = 1; i <= 4; ++i) {
    to_[begun - i] = static_cast<char>(count >> 8 * (i - 1) & 0xFF);
  }
}

std::string_view Reader::take(std::size_t count) {
  if (count > rest_.size()) {
    throw protocol_error(
        ReplyCode::syntax_error,
        fmt::format("a field of {} octets, of which {} came", count, rest_.size()));
  }
  const std::string_view taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

void Reader::expect_end() const {
  if (!rest_.empty()) {
    throw protocol_error(ReplyCode::syntax_error,
                         fmt::format("{} octets too many in a method or header", rest_.size()));
  }
}

}  // namespace thane::rpc::amqp
