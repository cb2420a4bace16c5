// The envelope of oslo.messaging around a payload, and what the properties of a message say of it.
#pragma once

#include <string>
#include <string_view>

#include "amqp/properties.hpp"

namespace thane::rpc::internal::rabbit {

/// {"oslo.version": "2.0", "oslo.message": payload}, for a payload that is JSON text.
[[nodiscard]] std::string wrap(std::string_view payload);
/// The payload, as JSON text that nobody has looked at yet; a body without an envelope is the
/// payload itself. Throws std::invalid_argument for an envelope that is no JSON or of a version
/// that cannot be read.
[[nodiscard]] std::string unwrap(std::string body);

/// A body as it goes over the wire, and the properties that describe it: compressed with `method`
/// (what kombu_compression may say), if it is not empty.
struct Encoded {
  amqp::Properties properties;
  std::string body;
};
[[nodiscard]] Encoded encode_body(std::string body, const std::string& method);

/// No body is larger, compressed or not.
inline constexpr std::size_t max_body = 128 * 1024 * 1024;

/// The reverse: checks the content type and decompresses what is compressed, to at most `limit`
/// octets. Throws std::invalid_argument.
[[nodiscard]] std::string decode_body(const amqp::Properties& properties, std::string body,
                                      std::size_t limit);

}  // namespace thane::rpc::internal::rabbit
