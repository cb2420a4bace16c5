// TLS between a client and a broker.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <thane/stream.hpp>

#include "broker_stream.hpp"

namespace thane::rpc::internal::rabbit {

/// An option of TLS has a value that cannot be used; what() is "OPTION: REASON".
class tls_option_error : public std::runtime_error {
 public:
  tls_option_error(std::string option, std::string reason)
      : std::runtime_error(option + ": " + reason),
        option_(std::move(option)),
        reason_(std::move(reason)) {}
  [[nodiscard]] const std::string& option() const noexcept { return option_; }
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

 private:
  std::string option_;
  std::string reason_;
};

/// Reads the files that the options name. Throws tls_option_error.
void check_tls(const RabbitOptions& options);

/// Does the handshake over a connected stream. Throws std::runtime_error that says why TLS refuses
/// the peer, or what is wrong with the files that the options name.
[[nodiscard]] std::unique_ptr<BrokerStream> tls_connect(Stream stream, const std::string& host,
                                                        const RabbitOptions& options);

}  // namespace thane::rpc::internal::rabbit
