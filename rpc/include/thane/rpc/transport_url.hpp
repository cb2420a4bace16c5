// How a transport_url is read: what it says of driver, hosts, virtual host and options.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thane::rpc {

/// A transport_url taken apart, by the rules of oslo.messaging; a value.
///
///     driver://[user[:password]@]host[:port][,...]/virtual_host[?option=value&...]
struct TransportUrl {
  struct Host {
    std::optional<std::string> hostname{};
    std::optional<int> port{};
    std::optional<std::string> username{};
    std::optional<std::string> password{};

    friend bool operator==(const Host&, const Host&) = default;
  };

  std::string transport{};  ///< In lower case; what is behind a '+' is kept: "kombu+memory".
  std::optional<std::string> virtual_host{};  ///< No path: none. "/": empty.
  std::vector<Host> hosts{};
  std::map<std::string, std::string> query{};  ///< Repeated options joined by commas.
  std::string path{};  ///< All that stands behind "//", unchanged: the directory of local://.

  /// Throws InvalidTransportURL if there is no scheme, and std::invalid_argument for a port that is
  /// no number and for brackets that do not match: Python's ValueError.
  static TransportUrl parse(std::string_view url);

  /// The part of `transport` before a '+', which chooses the driver.
  [[nodiscard]] std::string driver() const;
  /// The URL in normal form, with passwords.
  [[nodiscard]] std::string to_string() const;
};

}  // namespace thane::rpc
