#include <thane/wsgi/middleware/http_proxy_to_wsgi.hpp>

#include <arpa/inet.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "../characters.hpp"
#include "../percent.hpp"
#include "../request_target.hpp"
#include "stock.hpp"

namespace thane::wsgi {

namespace {

using internal::equals_lower;
using internal::trim;

/// What a proxy says of the client; empty where it says nothing.
struct Hop {
  std::string client;
  std::string host;
  std::string scheme;
};

// Takes the value of a pair off: a token, or what is in quotes. Unquoted values may hold what no
// token may, such as an IPv6 address: so proxies send them.
std::optional<std::string> take_value(std::string_view& rest) {
  if (!rest.starts_with('"')) {
    const auto value = rest.substr(0, rest.find_first_of(";,"));
    rest.remove_prefix(value.size());
    return std::string{trim(value)};
  }
  std::string value;
  for (rest.remove_prefix(1); !rest.empty(); rest.remove_prefix(1)) {
    if (rest.front() == '"') {
      rest = trim(rest.substr(1));
      return value;
    }
    if (rest.front() == '\\') rest.remove_prefix(1);
    if (rest.empty()) break;
    value.push_back(rest.front());
  }
  return std::nullopt;
}

// The first element of Forwarded, RFC 7239 4; nothing of it if it is malformed.
Hop first_of_forwarded(std::string_view header) {
  Hop hop;
  std::string_view rest = trim(header);
  while (!rest.empty()) {
    const auto equals = rest.find_first_of("=;,");
    if (equals == rest.npos || rest[equals] != '=') return {};
    const auto name = trim(rest.substr(0, equals));
    rest = trim(rest.substr(equals + 1));
    auto value = take_value(rest);
    if (!value || (!rest.empty() && rest.front() != ';' && rest.front() != ',')) return {};
    if (equals_lower(name, "for")) hop.client = std::move(*value);
    if (equals_lower(name, "host")) hop.host = std::move(*value);
    if (equals_lower(name, "proto")) hop.scheme = std::move(*value);
    if (rest.starts_with(',')) break;
    if (!rest.empty()) rest = trim(rest.substr(1));
  }
  return hop;
}

std::string first_of_list(const Request& request, std::string_view name) {
  const auto value = request.header(name).value_or("");
  return std::string{trim(value.substr(0, value.find(',')))};
}

Hop hop_of(const Request& request) {
  const auto forwarded = request.header("Forwarded");
  if (forwarded && !forwarded->empty()) return first_of_forwarded(*forwarded);
  return {first_of_list(request, "X-Forwarded-For"), first_of_list(request, "X-Forwarded-Host"),
          first_of_list(request, "X-Forwarded-Proto")};
}

// Without brackets and port; nullopt if it is no IP address.
std::optional<std::string> address_of(std::string_view node) {
  if (node.starts_with('[')) {
    const auto end = node.find(']');
    if (end == node.npos) return std::nullopt;
    node = node.substr(1, end - 1);
  } else if (const auto colon = node.find(':'); colon == node.rfind(':')) {
    node = node.substr(0, colon);
  }
  std::string address{node};
  in6_addr ignored{};
  const bool valid = ::inet_pton(AF_INET, address.c_str(), &ignored) == 1 ||
                     ::inet_pton(AF_INET6, address.c_str(), &ignored) == 1;
  return valid && address.find('\0') == address.npos ? std::optional{address} : std::nullopt;
}

void apply(Request& request) {
  auto hop = hop_of(request);
  for (const std::string_view scheme : {"http", "https"}) {
    if (equals_lower(hop.scheme, scheme)) request.set_scheme(std::string{scheme});
  }
  if (internal::is_valid_host(hop.host)) request.set_authority(std::move(hop.host));
  if (auto client = address_of(hop.client)) request.set_peer_address(std::move(*client));

  auto prefix = trim(request.header("X-Forwarded-Prefix").value_or(""));
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (prefix.starts_with('/')) {
    request.set_script_name(
        internal::percent_decode(prefix, internal::Plus::literal).append(request.script_name()));
  }
}

}  // namespace

Filter http_proxy_to_wsgi(HttpProxyToWsgiOptions options) {
  return [options](Application next) -> Application {
    if (!options.enable_proxy_headers_parsing) return next;
    return [next = std::move(next)](Request& request) {
      apply(request);
      return next(request);
    };
  };
}

Filter internal::make_http_proxy_to_wsgi(const Settings& settings,
                                         const StockOptions& /*options*/) {
  return http_proxy_to_wsgi({.enable_proxy_headers_parsing =
                                 settings.get_boolean("enable_proxy_headers_parsing", false)});
}

}  // namespace thane::wsgi
