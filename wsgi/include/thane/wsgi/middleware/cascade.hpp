// Applications tried one after the other: Paste's cascade.
#pragma once

#include <cstddef>
#include <vector>

#include <thane/wsgi/application.hpp>
#include <thane/wsgi/request.hpp>

namespace thane::wsgi {

struct CascadeOptions {
  /// Answers with these statuses are thrown away, and the next application is asked.
  std::vector<int> catch_statuses = {404};
  /// Octets of a body that are kept for the next application. Who has read more answers for good.
  std::size_t max_body = Request::default_body_limit;
};

/// Asks the first application, and the next one for as long as the answer, or a request_error, has
/// a status to be caught; what the last one says counts in any case. Each sees path, script name,
/// route and body as if it were the first; attributes that others have left stay.
///
///     auto app = wsgi::cascade({static_files, api}, {.catch_statuses = {404, 405}});
///
/// Throws std::invalid_argument if there is no application, or an empty one.
[[nodiscard]] Application cascade(std::vector<Application> applications,
                                  CascadeOptions options = {});

}  // namespace thane::wsgi
