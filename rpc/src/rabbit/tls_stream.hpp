// TLS between a client and a broker.
#pragma once

#include <memory>
#include <string>

#include <thane/stream.hpp>

#include "broker_stream.hpp"

namespace thane::rpc::internal::rabbit {

/// Does the handshake over a connected stream. Throws std::runtime_error that says why TLS refuses
/// the peer, or what is wrong with the files that the options name.
[[nodiscard]] std::unique_ptr<BrokerStream> tls_connect(Stream stream, const std::string& host,
                                                        const RabbitOptions& options);

}  // namespace thane::rpc::internal::rabbit
