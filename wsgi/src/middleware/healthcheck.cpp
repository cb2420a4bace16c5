#include <thane/wsgi/middleware/healthcheck.hpp>

#include <fmt/format.h>
#include <sys/utsname.h>

#include <array>
#include <charconv>
#include <ctime>
#include <exception>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include <thane/fiber.hpp>
#include <thane/internal/describe_exception.hpp>
#include <thane/internal/in_quotes.hpp>
#include <thane/internal/worker_slot.hpp>
#include <thane/log.hpp>
#include <thane/timeout.hpp>

#include "accept.hpp"
#include "stock.hpp"

namespace thane::wsgi {

namespace {

using thane::internal::in_quotes;
using thane::internal::own_slot;
using thane::internal::WorkerState;

HealthResult result_of_file(const std::string& path) {
  std::error_code ignored;
  const bool found = std::filesystem::exists(path, ignored);
  return {!found, found ? "DISABLED BY FILE" : "OK",
          fmt::format("Path '{}' was {}found", path, found ? "" : "not ")};
}

HealthCheck disable_by_file(const std::string& path) {
  if (path.empty()) {
    log::warning("healthcheck: disable_by_file without a disable_by_file_path is always available");
    return [](const Request&) { return HealthResult{}; };
  }
  return [path](const Request&) { return result_of_file(path); };
}

HealthCheck disable_by_files_ports(const std::vector<std::string>& pairs) {
  std::map<std::string, std::string, std::less<>> paths;
  for (const auto& pair : pairs) {
    const auto colon = pair.find(':');
    int port = 0;
    const auto [end, error] = std::from_chars(pair.data(), pair.data() + pair.size(), port);
    if (error != std::errc{} || colon == pair.npos || end != pair.data() + colon ||
        colon + 1 == pair.size()) {
      throw std::invalid_argument(
          fmt::format("disable_by_file_paths: {} is not PORT:PATH", in_quotes(pair)));
    }
    paths[std::to_string(port)] = pair.substr(colon + 1);
  }
  return [paths = std::move(paths)](const Request& request) {
    const auto path = paths.find(request.server_port());
    return path == paths.end() ? HealthResult{} : result_of_file(path->second);
  };
}

HealthCheck check_from(const std::string& backend, const HealthcheckOptions& options) {
  if (const auto own = options.checks.find(backend); own != options.checks.end() && own->second) {
    return own->second;
  }
  if (backend == "disable_by_file") return disable_by_file(options.disable_by_file_path);
  if (backend == "disable_by_files_ports") {
    return disable_by_files_ports(options.disable_by_file_paths);
  }
  throw std::invalid_argument(
      fmt::format("backends: there is no check {} of the health", in_quotes(backend)));
}

HealthResult result_of(const HealthCheck& check, const Request& request) {
  try {
    return check(request);
  } catch (const fiber_killed&) {
    throw;
  } catch (const timeout_error&) {
    throw;
  } catch (...) {
    auto text = thane::internal::describe(std::current_exception());
    log::error("a check of the health failed: {}", text);
    return {false, "CHECK FAILED", std::move(text)};
  }
}

nlohmann::json json_of(const std::vector<HealthResult>& results, bool detailed) {
  nlohmann::json body{{"detailed", detailed}, {"reasons", nlohmann::json::array()}};
  for (const auto& result : results) {
    if (detailed) {
      body["reasons"].push_back(
          {{"class", "HealthcheckResult"}, {"reason", result.reason}, {"details", result.details}});
    } else {
      body["reasons"].push_back(result.reason);
    }
  }
  if (!detailed) return body;
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  body["now"] = std::string(text.data(), std::strftime(text.data(), text.size(), "%F %T", &parts));
  utsname machine{};
  if (::uname(&machine) == 0) {
    body["platform"] = fmt::format("{}-{}-{}", machine.sysname, machine.release, machine.machine);
  }
  return body;
}

class Healthcheck {
 public:
  explicit Healthcheck(HealthcheckOptions options) : options_(std::move(options)) {
    for (const auto& backend : options_.backends) {
      checks_.push_back(check_from(backend, options_));
    }
  }

  enum class Question : std::uint8_t { none, health, alive, ready };

  [[nodiscard]] Question question(const Request& request) const {
    if (is_at(request, options_.path)) return Question::health;
    if (is_at(request, options_.healthz_path)) return Question::alive;
    if (is_at(request, options_.readyz_path)) return Question::ready;
    return Question::none;
  }

  [[nodiscard]] Response answer(const Request& request, Question question) const {
    if (question == Question::alive) return response(request, {HealthResult{}});
    std::vector<HealthResult> results;
    // A server serves as soon as it has started, maybe while other services of the process start.
    if (question == Question::ready && own_slot().state == WorkerState::starting) {
      results.push_back({false, "STARTING", "Not all services of the process have started"});
    }
    if (request.draining()) results.push_back({false, "STOPPING", "The server was told to stop"});
    for (const auto& check : checks_) results.push_back(result_of(check, request));
    if (question == Question::ready && results.empty()) results.emplace_back();
    return response(request, results);
  }

 private:
  static bool is_at(const Request& request, std::string_view wanted) {
    const auto mount = request.script_name();
    return !wanted.empty() && wanted.size() == mount.size() + request.path().size() &&
           wanted.starts_with(mount) && wanted.ends_with(request.path());
  }

  [[nodiscard]] Response response(const Request& request,
                                  const std::vector<HealthResult>& results) const {
    const bool healthy = std::ranges::all_of(results, &HealthResult::available);
    if (request.method() == "HEAD") return Response{healthy ? 204 : 503};
    const int status = healthy ? 200 : 503;
    const auto accept = request.header("Accept").value_or("*/*");
    if (internal::media_quality(accept, "application/json") >
        internal::media_quality(accept, "text/plain")) {
      using Handler = nlohmann::json::error_handler_t;
      return Response{status}
          .set_header("Content-Type", "application/json")
          .set_body(json_of(results, options_.detailed).dump(4, ' ', false, Handler::replace));
    }
    std::string lines;
    for (const auto& result : results) {
      if (!lines.empty() && !result.reason.empty()) lines += '\n';
      lines += result.reason;
    }
    return Response::text(std::move(lines)).set_status(status);
  }

  HealthcheckOptions options_;
  std::vector<HealthCheck> checks_;
};

}  // namespace

Filter healthcheck(HealthcheckOptions options) {
  auto health = std::make_shared<const Healthcheck>(std::move(options));
  return [health = std::move(health)](Application next) -> Application {
    return [health, next = std::move(next)](Request& request) {
      const auto question = health->question(request);
      if (question == Healthcheck::Question::none) return next(request);
      return health->answer(request, question);
    };
  };
}

Application healthcheck_app(HealthcheckOptions options) {
  auto health = std::make_shared<const Healthcheck>(std::move(options));
  return [health = std::move(health)](Request& request) {
    using Question = Healthcheck::Question;
    const auto question = health->question(request);
    return health->answer(request, question == Question::none ? Question::health : question);
  };
}

namespace internal {

namespace {

// swift's filter has one setting, disable_path.
HealthcheckOptions options_from(const Settings& settings, const StockOptions& stock) {
  HealthcheckOptions options{.checks = stock.health_checks};
  options.path = settings.get("path", options.path);
  options.detailed = settings.get_boolean("detailed", options.detailed);
  options.backends = list_of(settings, "backends");
  options.disable_by_file_path = settings.get("disable_by_file_path", "");
  options.disable_by_file_paths = list_of(settings, "disable_by_file_paths");
  options.healthz_path = settings.get("healthz_path", options.healthz_path);
  options.readyz_path = settings.get("readyz_path", options.readyz_path);
  if (const auto path = settings.get("disable_path", ""); !path.empty()) {
    options.backends.emplace_back("disable_by_file");
    options.disable_by_file_path = path;
  }
  return options;
}

}  // namespace

Filter make_healthcheck(const Settings& settings, const StockOptions& options) {
  return healthcheck(options_from(settings, options));
}

Application make_healthcheck_app(const Settings& settings, const StockOptions& options) {
  return healthcheck_app(options_from(settings, options));
}

}  // namespace internal

}  // namespace thane::wsgi
