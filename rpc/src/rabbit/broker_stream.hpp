// A connection to a broker's port, with TLS or without.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "broker.hpp"

namespace thane::rpc::internal::rabbit {

/// Calls block the fiber and throw std::system_error, or std::runtime_error for what TLS refuses.
/// One fiber reads while another writes.
class BrokerStream {
 public:
  BrokerStream() = default;
  virtual ~BrokerStream() = default;
  BrokerStream(const BrokerStream&) = delete;
  BrokerStream& operator=(const BrokerStream&) = delete;

  /// At least one octet, or 0 at the end.
  [[nodiscard]] virtual std::size_t read_some(std::span<char> to) = 0;
  virtual void write_all(std::string_view octets) = 0;
  /// Ends it at once; calls of other fibers throw.
  virtual void close() noexcept = 0;
};

/// Connects and, if the options say so, does the handshake of TLS.
[[nodiscard]] std::unique_ptr<BrokerStream> connect(const Broker& broker, std::size_t host);

}  // namespace thane::rpc::internal::rabbit
