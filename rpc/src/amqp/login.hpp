// What a client says of itself when it logs in, by the mechanisms of SASL that RabbitMQ has.
#pragma once

#include <string>
#include <string_view>

namespace thane::rpc::amqp {

/// By name and password, or by what TLS knows of us (external). AMQPLAIN says the same as PLAIN in
/// another form, and is done as PLAIN where only that is offered. The last one is a demonstration
/// of challenge and response.
enum class Mechanism { plain, amqplain, external, rabbit_cr_demo };

struct Credentials {
  Mechanism mechanism;
  const std::string& user;
  const std::string& password;
};

struct FirstResponse {
  std::string_view mechanism;  ///< Its name.
  std::string response;
};

/// `offered`: names with spaces between them. Throws protocol_error 403 when ours is not there.
[[nodiscard]] FirstResponse log_in(const Credentials& credentials, std::string_view offered);
/// The answer to a challenge (Connection.Secure). Throws protocol_error 503 for a mechanism that
/// has none.
[[nodiscard]] std::string answer_challenge(const Credentials& credentials);

}  // namespace thane::rpc::amqp
