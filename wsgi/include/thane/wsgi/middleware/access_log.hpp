// A log line for each request, from within a pipeline.
#pragma once

#include <string>

#include <thane/wsgi/filter.hpp>

namespace thane::wsgi {

struct AccessLogOptions {
  /// "common" and "combined" as web servers have them, "oslo" as oslo.service has it, or a format
  /// of one's own in the keys of wsgi_log_format; see docs/http.md.
  std::string format = "combined";
};

/// Writes the line, at level info, when the answer was made; for a stream when it has ended or was
/// given up. An exception is logged with the status that the server answers it with, and passes.
/// What filters further in have changed of the request counts: the client's address behind a proxy
/// is in the line. Throws std::invalid_argument for a format that is none.
///
/// A server writes a line of its own unless wsgi_access_log is off; that one tells of refused
/// requests too.
[[nodiscard]] Filter access_log(const AccessLogOptions& options = {});

}  // namespace thane::wsgi
