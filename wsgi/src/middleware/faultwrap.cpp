#include <thane/wsgi/middleware/faultwrap.hpp>

#include <exception>
#include <string>
#include <utility>

#include <thane/fiber.hpp>
#include <thane/internal/describe_exception.hpp>
#include <thane/log.hpp>

#include "failure.hpp"
#include "stock.hpp"

namespace thane::wsgi {

namespace {

void log_failure(const Request& request, const std::string& text) {
  log::error("{} {} failed: {}", request.method(), request.target(), text);
}

// Calls the application; `on_failure` is called in a catch block and answers what shall not pass.
template <class OnFailure>
Response answer(Request& request, const Application& next, const OnFailure& on_failure) {
  try {
    return next(request);
  } catch (const fiber_killed&) {
    throw;
  } catch (const timeout_error&) {
    if (internal::expired_limit(request) != nullptr) throw;
    return on_failure();
  } catch (...) {
    return on_failure();
  }
}

Response fault_of_failure(const Request& request, FaultwrapOptions options) {
  const bool shown = options.details == FaultwrapOptions::Details::shown;
  try {
    throw;
  } catch (const fault& error) {
    return fault_response(error.status(), error.what(), error.retry_after());
  } catch (const request_error& error) {
    const int status = internal::status_of(error);
    return shown || status < 500 ? fault_response(status, error.what()) : fault_response(status);
  } catch (...) {
    const std::string text = thane::internal::describe(std::current_exception());
    log_failure(request, text);
    return shown ? fault_response(500, text) : fault_response(500);
  }
}

Response plain_500(const Request& request) {
  try {
    throw;
  } catch (const request_error&) {
    throw;
  } catch (...) {
    log_failure(request, thane::internal::describe(std::current_exception()));
    return Response::text("The server has failed to answer the request.\n").set_status(500);
  }
}

}  // namespace

Filter faultwrap(FaultwrapOptions options) {
  return [options](Application next) -> Application {
    return [options, next = std::move(next)](Request& request) {
      return answer(request, next, [&] { return fault_of_failure(request, options); });
    };
  };
}

Filter catch_errors() {
  return [](Application next) -> Application {
    return [next = std::move(next)](Request& request) {
      return answer(request, next, [&] { return plain_500(request); });
    };
  };
}

Filter internal::make_faultwrap(const Settings& settings, const StockOptions& /*options*/) {
  using Details = FaultwrapOptions::Details;
  const bool debug = settings.get_boolean("debug", false);
  return faultwrap({.details = debug ? Details::shown : Details::hidden});
}

Filter internal::make_catch_errors(const Settings& /*settings*/, const StockOptions& /*options*/) {
  return catch_errors();
}

}  // namespace thane::wsgi
