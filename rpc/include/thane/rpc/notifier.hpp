// Sends notifications.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <thane/rpc/notification.hpp>
#include <thane/rpc/serializer.hpp>
#include <thane/rpc/transport.hpp>

namespace thane::rpc {

/// Tells what happened to whoever listens on its topics. A cheap value.
///
///     rpc::Notifier notifier{config, transport, "compute.host1"};
///     notifier.info(context, "compute.instance.create", {{"id", 12}});
///
/// Of the context only names that are no secrets go out: user, project, domain, roles, request ids.
/// Nothing is thrown when it cannot be sent: that is logged.
class Notifier {
 public:
  struct Options {
    std::string publisher_id{};
    /// `messagingv2` (with envelope), `messaging` (without), `log`, `noop`, `test` (recorded()),
    /// `routing` (to those that routing_config says); all of them are used. None: nothing is sent.
    std::vector<std::string> drivers{};
    std::string routing_config{};  ///< For `routing`: a file of YAML, read by the constructor.
    std::vector<std::string> topics{"notifications"};
    std::optional<int> retry{};  ///< As Client::Options::retry.
    std::shared_ptr<const Serializer> serializer{};
  };

  /// Throws DriverLoadFailure for a driver that there is not, config_error for a routing_config
  /// that will not do.
  Notifier(Transport transport, Options options);
  /// Drivers, topics and retry by the options of group oslo_messaging_notifications.
  Notifier(const Config& config, Transport transport, std::string publisher_id);

  /// The same with another publisher_id.
  [[nodiscard]] Notifier prepare(std::string publisher_id) const;

  /// What driver `test` has kept: the last 1000, of all that prepare() has made of one notifier.
  [[nodiscard]] std::vector<Notification> recorded() const;

  void notify(Priority priority, const Context& context, std::string_view event_type,
              const nlohmann::json& payload) const;
  void audit(const Context& context, std::string_view event_type,
             const nlohmann::json& payload) const;
  void debug(const Context& context, std::string_view event_type,
             const nlohmann::json& payload) const;
  void info(const Context& context, std::string_view event_type,
            const nlohmann::json& payload) const;
  void warn(const Context& context, std::string_view event_type,
            const nlohmann::json& payload) const;
  void warning(const Context& context, std::string_view event_type,
               const nlohmann::json& payload) const {
    warn(context, event_type, payload);
  }
  void error(const Context& context, std::string_view event_type,
             const nlohmann::json& payload) const;
  void critical(const Context& context, std::string_view event_type,
                const nlohmann::json& payload) const;
  void sample(const Context& context, std::string_view event_type,
              const nlohmann::json& payload) const;

 private:
  struct State;
  explicit Notifier(std::shared_ptr<const State> state) noexcept;
  std::shared_ptr<const State> state_;
};

}  // namespace thane::rpc
