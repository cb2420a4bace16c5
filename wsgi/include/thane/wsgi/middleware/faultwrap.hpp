// Exceptions as answers that clients of OpenStack's APIs understand.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include <thane/wsgi/filter.hpp>

namespace thane::wsgi {

struct FaultwrapOptions {
  enum class Details : std::uint8_t {
    hidden,
    shown,  ///< The text of any exception goes to the client. For developers.
  };
  Details details = Details::hidden;
};

/// {"itemNotFound": {"code": 404, "message": "..."}} with that status: what cinder and nova call a
/// Fault. Statuses without a name of their own are computeFault. An empty `message`: the usual one
/// of the status. `retry_after`, for 413 and 429 alone: "retryAfter" and Retry-After.
[[nodiscard]] Response fault(int status, std::string_view message = {},
                             std::optional<std::chrono::seconds> retry_after = {});

/// Makes a fault of each exception that comes out of the application. A request_error keeps its
/// status and, below 500, its text, which is meant for the client. Anything else is logged once
/// with its text and answered with 500, of which the client learns nothing more; octets that are no
/// UTF-8 are replaced. A timeout that a filter further out has set passes; so does the end of the
/// fiber.
[[nodiscard]] Filter faultwrap(FaultwrapOptions options = {});

/// The same without JSON: what is no request_error is logged and answered with 500 and a sentence.
/// oslo.middleware's catch_errors.
[[nodiscard]] Filter catch_errors();

}  // namespace thane::wsgi
