// A private RabbitMQ for tests of the broker ring.
#pragma once

#include <string>

#include <thane/unique_fd.hpp>

#include "temporary_directory.hpp"

namespace thane::testing {

/// A node of its own, which is started by the constructor and killed by the destructor, or when
/// the test ends without one. Throws std::runtime_error when the script tests/broker/rabbitmq
/// fails.
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

  /// What a line of Erlang evaluates to on the node, as text: takes milliseconds, where a
  /// rabbitmqctl takes half a second of the processor.
  [[nodiscard]] std::string eval(const std::string& expression);
  /// By force, as `rabbitmqctl close_all_connections`; those whose names end so, or all.
  void close_connections(const std::string& end = {});
  void delete_queue(const std::string& name);
  void delete_queues();  ///< All of them.
  /// The same while its channels stand still for two seconds: what clients ask for meanwhile they
  /// do before they notice.
  void delete_queues_unnoticed();
  /// From now on it is above its limit, and blocks who publishes.
  void run_out_of_memory();
  void have_memory_again();

 private:
  TemporaryDirectory folder_;
  std::string configuration_;
  std::string url_;
  int port_ = 0;
  UniqueFd life_;  // The node ends when nobody has it open.
};

}  // namespace thane::testing
