// A private RabbitMQ for tests of the broker ring.
#pragma once

#include <string>

#include "temporary_directory.hpp"

namespace thane::testing {

/// A node of its own, which is started by the constructor and ended by the destructor. Throws
/// std::runtime_error when the script tests/broker/rabbitmq fails.
///
///     RabbitMq node{"listeners.ssl.1 = 127.0.0.1:@TLS_PORT@\n..."};
///     const auto transport = rpc::Transport::from(node.url());
class RabbitMq {
 public:
  /// `configuration`: lines beside the usual; @TLS_PORT@ is a free port.
  explicit RabbitMq(const std::string& configuration = {});
  ~RabbitMq();
  RabbitMq(const RabbitMq&) = delete;
  RabbitMq& operator=(const RabbitMq&) = delete;

  [[nodiscard]] const std::string& url() const noexcept { return url_; }
  [[nodiscard]] int port() const noexcept { return port_; }
  [[nodiscard]] int tls_port() const noexcept { return port_ + 1; }

  void stop();
  /// On the same port, with nothing but what was durable.
  void start();
  /// rabbitmqctl; what it prints.
  std::string ctl(const std::string& arguments);

 private:
  TemporaryDirectory folder_;
  std::string configuration_;
  std::string url_;
  int port_ = 0;
};

}  // namespace thane::testing
