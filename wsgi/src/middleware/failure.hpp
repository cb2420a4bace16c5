// What an exception that passes through a filter means.
#pragma once

#include <thane/timeout.hpp>
#include <thane/wsgi/request.hpp>

namespace thane::wsgi::internal {

/// What timeouts() leaves with a request while the application is at work.
struct TimeLimit {
  const Timeout& scope;
  int status;
  const TimeLimit* outer;

  static constexpr const char* attribute = "timeouts.limit";
  /// The innermost one; nullptr if there is none.
  [[nodiscard]] static const TimeLimit* of(const Request& request) noexcept;
};

/// The limit of a timeouts() further out that is over; a timeout_error is its own then.
[[nodiscard]] const TimeLimit* expired_limit(const Request& request) noexcept;

/// The status of an answer that a request_error asks for.
[[nodiscard]] int status_of(const request_error& error) noexcept;

/// To be called in a catch block: the status that the client will see if nobody further in than the
/// server says otherwise.
[[nodiscard]] int status_of_failure(const Request& request) noexcept;

}  // namespace thane::wsgi::internal
