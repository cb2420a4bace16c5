#include <thane/wsgi/middleware/faultwrap.hpp>

#include <array>
#include <exception>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include <thane/fiber.hpp>
#include <thane/internal/describe_exception.hpp>
#include <thane/log.hpp>
#include <thane/wsgi/fault_error.hpp>

#include "failure.hpp"
#include "stock.hpp"

namespace thane::wsgi {

namespace {

struct Kind {
  int status;
  const char* name;
  const char* message;
};

// The names that cinder and nova share.
constexpr std::array kinds{
    Kind{400, "badRequest", "The request is malformed, or says what makes no sense."},
    Kind{401, "unauthorized", "The request has to be authenticated."},
    Kind{403, "forbidden", "Access to this resource is not allowed."},
    Kind{404, "itemNotFound", "The resource could not be found."},
    Kind{405, "badMethod", "This resource does not have this method."},
    Kind{409, "conflictingRequest", "The request is in conflict with the state of the resource."},
    Kind{413, "overLimit", "The body of the request is too large."},
    Kind{415, "badMediaType", "The media type of the body is not supported."},
    Kind{429, "overLimit", "There were too many requests."},
    Kind{500, "computeFault", "The server has failed to answer the request."},
    Kind{501, "notImplemented", "The server does not do what was asked for."},
    Kind{503, "serviceUnavailable", "The service cannot answer at present."},
};

Kind kind_of(int status) {
  for (const auto& kind : kinds) {
    if (kind.status == status) return kind;
  }
  return {status, "computeFault",
          status < 500 ? "The request could not be answered." : kind_of(500).message};
}

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
  } catch (const fault_error& error) {
    return fault(internal::status_of(error), error.what(), error.retry_after());
  } catch (const request_error& error) {
    const int status = internal::status_of(error);
    return shown || status < 500 ? fault(status, error.what()) : fault(status);
  } catch (...) {
    const std::string text = thane::internal::describe(std::current_exception());
    log_failure(request, text);
    return shown ? fault(500, text) : fault(500);
  }
}

Response plain_500(const Request& request) {
  try {
    throw;
  } catch (const request_error&) {
    throw;
  } catch (...) {
    log_failure(request, thane::internal::describe(std::current_exception()));
    return Response::text(std::string{kind_of(500).message} + "\n").set_status(500);
  }
}

}  // namespace

Response fault(int status, std::string_view message,
               std::optional<std::chrono::seconds> retry_after) {
  const Kind kind = kind_of(status);
  nlohmann::json content{{"code", status},
                         {"message", message.empty() ? std::string_view{kind.message} : message}};
  Response response{status};
  if (retry_after && (status == 413 || status == 429)) {
    const auto seconds = std::to_string(retry_after->count());
    content["retryAfter"] = seconds;
    response.set_header("Retry-After", seconds);
  }
  const nlohmann::json body{{kind.name, std::move(content)}};
  using Handler = nlohmann::json::error_handler_t;
  return std::move(response)
      .set_header("Content-Type", "application/json")
      .set_body(body.dump(-1, ' ', false, Handler::replace));
}

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
