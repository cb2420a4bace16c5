// Calls methods of RPC servers.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include <thane/clock.hpp>
#include <thane/rpc/context.hpp>
#include <thane/rpc/remote_error.hpp>
#include <thane/rpc/serializer.hpp>
#include <thane/rpc/target.hpp>
#include <thane/rpc/transport.hpp>

namespace thane::rpc {

/// Sends calls and casts to the servers of a topic. A cheap value; may be made in the parent, for
/// it connects when it is used first.
///
///     rpc::Client stock{transport, {.topic = "stock", .version = "1.0"}};
///     const int sum = stock.call("add", {{"a", 1}, {"b", 2}}).get<int>();
///     const rpc::Client host = stock.prepare({.server = "host-1", .timeout = 2s});
///     const int figs = host.call(context, "count", {{"item", "fig"}}).get<int>();
///     stock.prepare({.fanout = true}).cast("forget", {{"item", "fig"}});
///
/// Its calls block the calling fiber and no other; many fibers may share a client. The fiber's
/// Timeout and kill() end a call early. Arguments are a JSON object: what a Python method has as
/// keyword arguments.
class Client {
 public:
  struct Options {
    /// For a call, from sending to the answer. None: option rpc_response_timeout (60 s).
    std::optional<Duration> timeout{};
    std::string version_cap{};  ///< No message goes out that is not compatible with it.
    std::shared_ptr<const Serializer> serializer{};
    /// How often a message is tried again when the transport is away. None, -1: for ever; 0: once.
    std::optional<int> retry{};
    /// Ask the server for signs of life, and give up when there is none for so long; `timeout`
    /// still ends the call. None: do not ask.
    std::optional<Duration> call_monitor_timeout{};
    /// Throw MessageUndeliverable for a cast that nobody is there to get.
    bool at_least_once = false;
    KnownErrors errors{};  ///< Others are RemoteError.
  };

  /// What prepare() changes; what is not set stays as it is.
  struct Changes {
    std::optional<std::string> exchange{};
    std::optional<std::string> topic{};
    std::optional<std::string> name_space{};
    std::optional<std::string> version{};
    std::optional<std::string> server{};
    std::optional<bool> fanout{};
    std::optional<Duration> timeout{};
    std::optional<std::string> version_cap{};
    std::optional<int> retry{};
    std::optional<Duration> call_monitor_timeout{};
    std::optional<bool> at_least_once{};
  };

  Client(Transport transport, Target target, Options options);
  Client(Transport transport, Target target);

  /// A client with some things changed, for one call or for many. Throws MessagingException for a
  /// version that is not MAJOR.MINOR.
  [[nodiscard]] Client prepare(const Changes& changes) const;

  /// Sends and blocks until the answer, which it returns. Throws RemoteError, or what Options::
  /// errors makes of it, if the method threw; MessagingTimeout; MessageDeliveryFailure, at once,
  /// if the server has died; InvalidTarget; RPCVersionCapError.
  nlohmann::json call(const Context& context, std::string_view method, nlohmann::json args) const;
  nlohmann::json call(std::string_view method, nlohmann::json args) const;
  nlohmann::json call(std::string_view method) const;

  /// Sends, and returns when the transport has taken it. Never hears of what the method does.
  void cast(const Context& context, std::string_view method, nlohmann::json args) const;
  void cast(std::string_view method, nlohmann::json args) const;
  void cast(std::string_view method) const;

  /// Whether version_cap allows for messages of this version (none: of the target's).
  [[nodiscard]] bool can_send_version(const std::optional<std::string>& version = {}) const;

  [[nodiscard]] const Target& target() const noexcept;

 private:
  struct State;
  explicit Client(std::shared_ptr<const State> state) noexcept;
  std::shared_ptr<const State> state_;
};

}  // namespace thane::rpc
