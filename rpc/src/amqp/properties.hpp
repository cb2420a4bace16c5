// The content header of a message: its size and properties.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "table.hpp"

namespace thane::rpc::amqp {

/// Empty and nullopt: the property is absent.
struct Properties {
  std::string content_type{};
  std::string content_encoding{};
  std::optional<Table> headers{};
  std::optional<std::uint8_t> delivery_mode{};
  std::optional<std::uint8_t> priority{};
  std::string correlation_id{};
  std::string reply_to{};
  std::string expiration{};  ///< Milliseconds, as decimal text.
  std::string message_id{};
  std::optional<std::uint64_t> timestamp{};
  std::string type{};
  std::string user_id{};
  std::string app_id{};
  std::string cluster_id{};

  friend bool operator==(const Properties&, const Properties&) = default;
};

struct ContentHeader {
  std::uint64_t body_size = 0;
  Properties properties;
};

/// Payloads of header frames.
void write_content_header(Writer& to, std::uint64_t body_size, const Properties& all);
/// Throws protocol_error 502, and 503 if the class is not Basic.
[[nodiscard]] ContentHeader read_content_header(std::string_view payload);

}  // namespace thane::rpc::amqp
