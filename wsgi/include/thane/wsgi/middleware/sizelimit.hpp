// A limit on the bodies of requests: oslo.middleware's sizelimit.
#pragma once

#include <cstdint>

#include <thane/wsgi/filter.hpp>

namespace thane::wsgi {

struct SizelimitOptions {
  std::int64_t max_request_body_size = 114'688;  ///< Octets.
};

/// Answers 413, without a call of the application, if the client announces a longer body. One
/// without a length is counted as the application reads it: beyond the limit Request::read_some()
/// throws request_error with 413. Throws std::invalid_argument for a negative limit.
[[nodiscard]] Filter sizelimit(SizelimitOptions options = {});

}  // namespace thane::wsgi
