// The parts as Paste files make them: out of settings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <thane/wsgi/application.hpp>
#include <thane/wsgi/filter.hpp>
#include <thane/wsgi/settings.hpp>
#include <thane/wsgi/stock_parts.hpp>

namespace thane::wsgi {
class Loader;
}

namespace thane::wsgi::internal {

[[nodiscard]] Application make_urlmap(Loader& loader, const Settings& global_conf,
                                      const Settings& local_conf);
/// With "/+" at the end of a path.
[[nodiscard]] Application make_nova_urlmap(Loader& loader, const Settings& global_conf,
                                           const Settings& local_conf);
[[nodiscard]] Application make_cascade(Loader& loader, const Settings& global_conf,
                                       const Settings& local_conf);

/// From here on `settings` are those of the section, of DEFAULT, and what stands in for both.
[[nodiscard]] Filter make_request_id(const Settings& settings, const StockOptions& options);
[[nodiscard]] Filter make_access_log(const Settings& settings, const StockOptions& options);
[[nodiscard]] Filter make_faultwrap(const Settings& settings, const StockOptions& options);
[[nodiscard]] Filter make_catch_errors(const Settings& settings, const StockOptions& options);
[[nodiscard]] Filter make_sizelimit(const Settings& settings, const StockOptions& options);
[[nodiscard]] Filter make_http_proxy_to_wsgi(const Settings& settings, const StockOptions& options);
[[nodiscard]] Filter make_timeouts(const Settings& settings, const StockOptions& options);
[[nodiscard]] Filter make_healthcheck(const Settings& settings, const StockOptions& options);
[[nodiscard]] Application make_healthcheck_app(const Settings& settings,
                                               const StockOptions& options);

/// What stands between commas, without the white space around it; oslo.config's lists.
[[nodiscard]] std::vector<std::string> list_of(const Settings& settings, std::string_view key);

}  // namespace thane::wsgi::internal
