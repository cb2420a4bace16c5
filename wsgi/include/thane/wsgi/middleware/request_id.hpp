// An identifier for each request, in its answer and in its log lines: oslo.middleware's request_id.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <thane/wsgi/filter.hpp>

namespace thane::wsgi {

struct RequestIdOptions {
  /// Headers that carry the identifier beside x-openstack-request-id; nova's has
  /// "x-compute-request-id".
  std::vector<std::string> compat_headers = {};
};

/// Gives each request an identifier, "req-" and a random UUID. Until the request is over each log
/// line of its fiber carries it, the server's own among them, and its answer says it in the header
/// x-openstack-request-id, unless the application has set one.
///
/// If a caller has sent X-Openstack-Request-Id, and that is such an identifier, it is the global
/// one: that of the request for which another service makes this one. Log lines carry both then,
/// the global one first, as oslo.log has it. Anything else that a caller sends there is passed
/// over.
///
/// A request that has an identifier keeps it: of two such filters the outer one counts. An answer
/// made of an exception further out has no header. Throws std::invalid_argument for a header that
/// is none.
[[nodiscard]] Filter request_id(RequestIdOptions options = {});

/// The identifier; empty if no such filter has seen the request.
[[nodiscard]] std::string_view request_id_of(const Request& request) noexcept;
/// The caller's; empty if there is none.
[[nodiscard]] std::string_view global_request_id_of(const Request& request) noexcept;

}  // namespace thane::wsgi
