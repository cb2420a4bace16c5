// Whom a message is for, and what a server or an endpoint answers to.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace thane::rpc {

/// A value with the words of oslo.messaging's Target. Who needs what:
///
///     rpc::Server     topic and server; exchange if it is not the default
///     rpc::Endpoint   name_space and version of what it offers
///     rpc::Client     topic; server or fanout to choose among servers; name_space and version
///
///     const rpc::Target stock{.topic = "stock", .version = "1.3"};
struct Target {
  std::string exchange{};  ///< Empty: option control_exchange.
  std::string topic{};
  std::optional<std::string> name_space{};  ///< None is not the same as "".
  std::string version{};                    ///< "MAJOR.MINOR"; empty: 1.0.
  std::string server{};                     ///< One server of the topic; empty: any of them.
  bool fanout = false;                      ///< Every server of the topic; for casts alone.
  /// What an Endpoint answers to beside its name_space; none stands for no namespace.
  std::vector<std::optional<std::string>> legacy_namespaces{};

  friend bool operator==(const Target&, const Target&) = default;
};

/// For people: "<Target topic=stock, version=1.3>", as oslo.messaging prints it.
[[nodiscard]] std::string to_string(const Target& target);

/// Whether what implements version `implemented` can serve a request for `requested`: the same
/// major number, and a minor one (then a revision) that is not greater. "1.10" is above "1.3".
/// Nothing implemented serves everything, nothing requested is served by nothing else. Throws
/// std::out_of_range for a version without a minor number, std::invalid_argument for one that is
/// no number: Python's IndexError and ValueError.
[[nodiscard]] bool compatible(const std::optional<std::string>& implemented,
                              const std::optional<std::string>& requested);

}  // namespace thane::rpc
