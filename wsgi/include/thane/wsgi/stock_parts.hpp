// The middleware that comes with thane, under the names that Paste files call it by.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <thane/opt.hpp>
#include <thane/wsgi/middleware/cors.hpp>
#include <thane/wsgi/middleware/healthcheck.hpp>
#include <thane/wsgi/registry.hpp>
#include <thane/wsgi/settings.hpp>

namespace thane {
class Snapshot;
}

namespace thane::wsgi {

/// What files do not say.
struct StockOptions {
  /// By section of the service's configuration ("" is DEFAULT), as "oslo_middleware" with
  /// max_request_body_size. What a Paste file says goes before it.
  std::map<std::string, Settings, std::less<>> defaults = {};
  /// What filters of cors take that name a project of oslo.config.
  std::vector<CorsPolicy> cors = {};
  /// More backends of healthcheck, by the name that files give.
  std::map<std::string, HealthCheck, std::less<>> health_checks = {};
};

/// Adds factories for all parts: as egg:thane#NAME, and under the names of Paste's,
/// oslo.middleware's and OpenStack's services, so that their files load. docs/middleware.md lists
/// them. A name that already has a factory of that kind keeps it: what a program brings itself it
/// adds before.
///
///     const auto config = thane::Config::from_command_line(
///         argc, argv, wsgi::with_stock_options({thane::launcher_options(),
///         wsgi::options("web")}));
///     wsgi::Registry registry;
///     wsgi::add_stock_parts(registry, wsgi::stock_options_from(*config.snapshot()));
///     auto app = wsgi::load_app(registry, "config:/etc/shop/paste.ini");
///
/// A key of a section that its part does not know is warned about in the log, and passed over.
void add_stock_parts(Registry& registry, const StockOptions& options = {});

/// `groups`, and those in which services configure the parts: auth_strategy, api_rate_limit,
/// [oslo_middleware], [healthcheck], [cors].
[[nodiscard]] std::vector<OptGroup> with_stock_options(std::vector<OptGroup> groups = {});
/// Their values.
[[nodiscard]] StockOptions stock_options_from(const Snapshot& snapshot);

}  // namespace thane::wsgi
