#include <thane/wsgi/middleware/sizelimit.hpp>

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include <thane/log.hpp>
#include <thane/wsgi/middleware/faultwrap.hpp>

#include "stock.hpp"

namespace thane::wsgi {

Filter sizelimit(SizelimitOptions options) {
  if (options.max_request_body_size < 0) {
    throw std::invalid_argument("max_request_body_size is less than nothing");
  }
  const auto limit = static_cast<std::uint64_t>(options.max_request_body_size);
  return [limit](Application next) -> Application {
    return [limit, next = std::move(next)](Request& request) {
      if (request.content_length().value_or(0) > limit) {
        const auto why = fmt::format(
            "The body of the request is larger than max_request_body_size ({} octets).", limit);
        log::info("{} {}: {}", request.method(), request.target(), why);
        return fault(413, why);
      }
      if (request.has_body() && !request.content_length()) request.limit_body(limit);
      return next(request);
    };
  };
}

Filter internal::make_sizelimit(const Settings& settings, const StockOptions& /*options*/) {
  SizelimitOptions options;
  options.max_request_body_size =
      settings.get_integer("max_request_body_size", options.max_request_body_size);
  return sizelimit(options);
}

}  // namespace thane::wsgi
