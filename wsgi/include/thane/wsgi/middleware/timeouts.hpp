// A limit on the time that an application takes for an answer.
#pragma once

#include <thane/clock.hpp>
#include <thane/wsgi/filter.hpp>

namespace thane::wsgi {

struct TimeoutsOptions {
  Duration timeout{};  ///< Zero: no limit.
  int status = 503;    ///< Or 504, for a service that waits for others.
};

/// When the time is over, thane::timeout_error is thrown into the application where it waits, which
/// unwinds it, and the client is answered with `status`. An application that catches it may answer
/// itself. It counts what the application does until it returns, reading the body included, not
/// the sending of a stream; one that computes without waiting is not interrupted. Throws
/// std::invalid_argument for a negative time and a status outside of 500..599.
[[nodiscard]] Filter timeouts(TimeoutsOptions options);

}  // namespace thane::wsgi
