// What an API throws to refuse a request: it becomes a fault in JSON.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <thane/wsgi/request_error.hpp>

namespace thane::wsgi {

/// A request_error that may say when to come back. A Resource, and the filter faultwrap, answer
/// both kinds with fault() (<thane/wsgi/middleware/faultwrap.hpp>).
///
///     throw wsgi::fault_error{404, "Volume 7 could not be found."};
class fault_error : public request_error {
 public:
  /// `message`: for the client; empty: that of the status. `retry_after`: for 413 and 429.
  explicit fault_error(int status, const std::string& message = {},
                       std::optional<std::chrono::seconds> retry_after = {})
      : request_error(status, message), retry_after_(retry_after) {}
  [[nodiscard]] std::optional<std::chrono::seconds> retry_after() const noexcept {
    return retry_after_;
  }

 private:
  std::optional<std::chrono::seconds> retry_after_;
};

}  // namespace thane::wsgi
