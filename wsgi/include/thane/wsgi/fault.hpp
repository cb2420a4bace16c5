// Errors as APIs of OpenStack answer them: JSON that names the kind, the status and the reason.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <thane/wsgi/request_error.hpp>
#include <thane/wsgi/response.hpp>

namespace thane::wsgi {

/// A request_error that a Resource answers with fault_response(). Throw it, or a request_error,
/// which is answered in the same way:
///
///     throw wsgi::fault{404, "Volume 7 could not be found."};
class fault : public request_error {
 public:
  /// `message`: for the client; empty: that of the status. `retry_after`: for 413 and 429.
  explicit fault(int status, const std::string& message = {},
                 std::optional<std::chrono::seconds> retry_after = {})
      : request_error(status, message), retry_after_(retry_after) {}
  [[nodiscard]] std::optional<std::chrono::seconds> retry_after() const noexcept {
    return retry_after_;
  }

 private:
  std::optional<std::chrono::seconds> retry_after_;
};

/// {"itemNotFound": {"code": 404, "message": "..."}} with that status; for 413 and 429 with
/// "retryAfter" and Retry-After, if it is given.
[[nodiscard]] Response fault_response(int status, std::string_view message = {},
                                      std::optional<std::chrono::seconds> retry_after = {});

/// What a fault of that status is called, by cinder's table: 400 badRequest, 401 unauthorized,
/// 403 forbidden, 404 itemNotFound, 405 badMethod, 409 conflictingRequest, 413 and 429 overLimit,
/// 415 badMediaType, 501 notImplemented, 503 serviceUnavailable, all others computeFault.
[[nodiscard]] std::string_view fault_name(int status) noexcept;

}  // namespace thane::wsgi
