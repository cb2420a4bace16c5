// The client behind a proxy: oslo.middleware's http_proxy_to_wsgi.
#pragma once

#include <thane/wsgi/filter.hpp>

namespace thane::wsgi {

struct HttpProxyToWsgiOptions {
  /// Whether to believe the headers. Anybody can send them: only behind a proxy that sets or
  /// removes all of them.
  bool enable_proxy_headers_parsing = false;
};

/// Replaces what a proxy has hidden by what it says of the client: scheme(), authority() and
/// peer_address() by the first element of Forwarded (RFC 7239), or, where there is none, of
/// X-Forwarded-Proto, X-Forwarded-Host and X-Forwarded-For; X-Forwarded-Prefix goes before
/// script_name(). What is not well formed is passed over: a scheme other than http and https, a
/// host that is none, "unknown" and obfuscated names in the place of an IP address. Ports behind
/// addresses are cut off.
[[nodiscard]] Filter http_proxy_to_wsgi(HttpProxyToWsgiOptions options = {});

}  // namespace thane::wsgi
