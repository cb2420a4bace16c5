// The way messages go: a broker, the sockets of this machine, or this process alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <thane/config.hpp>
#include <thane/opt.hpp>
#include <thane/rpc/transport_url.hpp>

namespace thane::rpc {

namespace internal {
class Driver;
}

/// The options of group DEFAULT that concern messages: transport_url, control_exchange,
/// rpc_response_timeout, executor_thread_pool_size, rpc_ping_enabled. For
/// Config::from_command_line().
[[nodiscard]] OptGroup options();
/// Group oslo_messaging_notifications: driver, transport_url, topics, retry.
[[nodiscard]] OptGroup notification_options();

/// What servers and clients of a transport do unless they are told otherwise.
struct TransportSettings {
  std::string control_exchange = "openstack";  ///< The exchange of a Target that names none.
  std::chrono::milliseconds rpc_response_timeout{60'000};
  std::size_t executor_thread_pool_size = 1000;  ///< Calls that a server works on at a time.
  bool rpc_ping_enabled = false;  ///< Servers answer oslo_rpc_server_ping with "pong".
};

/// A handle to a transport; a cheap value, copies share what is behind it: connections above all.
///
///     const auto transport = rpc::Transport::from(config);
///     rpc::Client client{transport, {.topic = "stock"}};
///
/// May be made in the parent: it connects to nothing before the first message, in the worker. Each
/// process has its own connections. There are these drivers:
///
///     local://DIR   all processes of this machine, by Unix sockets below DIR; local:// is
///                   $XDG_RUNTIME_DIR/thane-rpc, /run/thane-rpc for root, or /tmp/thane-rpc-UID
///     rabbit://     all that know the broker: docs/rabbit.md
///     fake://       this process; fake://NAME/ and another name know nothing of each other
class Transport {
 public:
  /// By the options above and those of the driver, as far as the program has registered them:
  /// rabbit_options(). Throws config_error that says which option is wrong, and where it stands.
  static Transport from(const Config& config);
  static Transport from(const Snapshot& values);
  /// Throws InvalidTransportURL and DriverLoadFailure.
  static Transport from(const std::string& text, const TransportSettings& settings = {});
  /// The same, by transport_url of group oslo_messaging_notifications if that is set.
  static Transport for_notifications(const Config& config);

  [[nodiscard]] const TransportUrl& url() const noexcept;
  [[nodiscard]] const TransportSettings& settings() const noexcept;

  [[nodiscard]] internal::Driver& driver() const noexcept;  // For rpc's own sources.

 private:
  struct State;
  static Transport by_option(const Snapshot& values, const char* option);
  explicit Transport(std::shared_ptr<State> state) noexcept;
  std::shared_ptr<State> state_;
};

}  // namespace thane::rpc
