// What balancers and supervisors ask: oslo.middleware's healthcheck, /healthz and /readyz.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <thane/wsgi/application.hpp>
#include <thane/wsgi/filter.hpp>

namespace thane::wsgi {

struct HealthResult {
  bool available = true;
  std::string reason = "OK";  ///< Shown to everybody.
  std::string details = {};   ///< Shown with `detailed`.
};

/// Says whether the service can be used; called for each question, on its fiber. An exception is
/// logged, and means that it cannot.
using HealthCheck = std::function<HealthResult(const Request&)>;

struct HealthcheckOptions {
  std::string path = "/healthcheck";
  bool detailed = false;  ///< Tells strangers about the machine.
  /// In this order: disable_by_file, disable_by_files_ports, or names in `checks`.
  std::vector<std::string> backends = {};
  std::string disable_by_file_path = {};                ///< Unavailable while it exists.
  std::vector<std::string> disable_by_file_paths = {};  ///< "PORT:PATH", for the server's port.
  std::string healthz_path = "/healthz";                ///< Empty: none.
  std::string readyz_path = "/readyz";                  ///< Empty: none.
  std::map<std::string, HealthCheck, std::less<>> checks = {};
};

/// Answers at three paths, counted from the root of the server; all others are the application's:
///
///     /healthcheck   200, or 503 if a backend says so, or while the server stops for good
///     /healthz       200 "OK": the process answers
///     /readyz        as /healthcheck, and 503 until all services of the process have started
///
/// HEAD is answered with 204 or 503. The body is text, HTML or JSON by what Accept prefers, as
/// oslo.middleware has it. A reload is no reason to be unavailable, as others serve on. Throws
/// std::invalid_argument for an unknown backend and a PORT:PATH that is none.
[[nodiscard]] Filter healthcheck(HealthcheckOptions options = {});

/// The same as an application, which answers at any other path as at `path`: for urlmap.
[[nodiscard]] Application healthcheck_app(HealthcheckOptions options = {});

}  // namespace thane::wsgi
