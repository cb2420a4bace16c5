#include <thane/wsgi/middleware/timeouts.hpp>

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <utility>

#include <thane/internal/in_quotes.hpp>
#include <thane/log.hpp>
#include <thane/timeout.hpp>

#include "../characters.hpp"
#include "failure.hpp"
#include "stock.hpp"

namespace thane::wsgi {

namespace {

using internal::TimeLimit;

// The request has the limit for as long as this exists.
class Left {
 public:
  Left(Request& request, const TimeLimit& limit) : request_(request), outer_(limit.outer) {
    request_.set_attribute(TimeLimit::attribute, &limit);
  }
  ~Left() { request_.set_attribute(TimeLimit::attribute, outer_); }
  Left(const Left&) = delete;
  Left& operator=(const Left&) = delete;

 private:
  Request& request_;
  const TimeLimit* outer_;
};

Response answer_in_time(Request& request, const Application& next, const TimeoutsOptions& options) {
  const Timeout scope{options.timeout};
  const TimeLimit limit{scope, options.status, TimeLimit::of(request)};
  try {
    const Left left{request, limit};
    return next(request);
  } catch (const timeout_error& error) {
    if (!scope.expired()) throw;
    log::warning("{} {} has no answer: {}", request.method(), request.target(), error.what());
    return Response{options.status};
  }
}

Duration seconds_from(std::string_view text) {
  const auto digits = internal::trim(text);
  double seconds = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  if (error != std::errc{} || end != digits.data() + digits.size() || !(seconds >= 0) ||
      seconds > 1e9) {
    throw std::invalid_argument(
        fmt::format("timeout = {} is no number of seconds", thane::internal::in_quotes(text)));
  }
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>{seconds});
}

}  // namespace

Filter timeouts(TimeoutsOptions options) {
  if (options.timeout < Duration::zero()) {
    throw std::invalid_argument("timeout is less than nothing");
  }
  if (options.status < 500 || options.status > 599) {
    throw std::invalid_argument(fmt::format("status = {} is none of 500 to 599", options.status));
  }
  return [options](Application next) -> Application {
    if (options.timeout == Duration::zero()) return next;
    return [options, next = std::move(next)](Request& request) {
      return answer_in_time(request, next, options);
    };
  };
}

Filter internal::make_timeouts(const Settings& settings, const StockOptions& /*options*/) {
  return timeouts({.timeout = seconds_from(settings.get("timeout")),
                   .status = static_cast<int>(
                       std::clamp<std::int64_t>(settings.get_integer("status", 503), 0, 999))});
}

}  // namespace thane::wsgi
