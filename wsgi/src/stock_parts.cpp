#include <thane/wsgi/stock_parts.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include <thane/wsgi/middleware/auth_pipeline.hpp>
#include <thane/wsgi/middleware/basic_auth.hpp>
#include <thane/wsgi/middleware/gzip.hpp>
#include <thane/wsgi/middleware/rate_limit.hpp>
#include <thane/wsgi/middleware/static_files.hpp>

#include "middleware/known_keys.hpp"
#include "middleware/stock.hpp"

namespace thane::wsgi {

namespace {

using Names = std::span<const char* const>;

/// Under which names files call a part, and what it may be told.
struct Described {
  const char* group;  ///< Of the configuration; nullptr: none.
  Names keys;
  const char* preset_key = nullptr;  ///< A setting that these names stand for.
  const char* preset_value = nullptr;
};

template <class Made>
struct Part {
  Made (*make)(const Settings&, const StockOptions&);
  Names specs;
  Described described;
};

/// One that looks at its keys itself.
template <class Factory>
struct PlainPart {
  Factory make;
  Names specs;
};

using MakeComposite = Application (*)(Loader&, const Settings&, const Settings&);

struct CompositePart {
  MakeComposite make;
  Names specs;
};

template <class... Text>
constexpr std::array<const char*, sizeof...(Text)> names(Text... text) {
  return {text...};
}

constexpr std::array<const char*, 0> no_keys{};

// Lists, one to a part, so that new ones are new lines.

constexpr auto urlmap_specs =
    names("egg:thane#urlmap", "egg:Paste#urlmap", "paste.urlmap:urlmap_factory",
          "call:paste.urlmap:urlmap_factory", "call:cinder.api:root_app_factory",
          "call:manila.api:root_app_factory", "glance.api:root_app_factory",
          "call:glance.api:root_app_factory", "magnum.api:root_app_factory",
          "call:magnum.api:root_app_factory", "call:trove.common.wsgi:versioned_urlmap");
constexpr auto nova_urlmap_specs = names("call:nova.api.openstack.urlmap:urlmap_factory",
                                         "nova.api.openstack.urlmap:urlmap_factory");
constexpr auto cascade_specs =
    names("egg:thane#cascade", "egg:Paste#cascade", "paste.cascade:make_cascade",
          "call:paste.cascade:make_cascade");
constexpr auto pipeline_specs =
    names("egg:thane#auth_pipeline", "call:cinder.api.middleware.auth:pipeline_factory",
          "call:nova.api.auth:pipeline_factory", "call:nova.api.auth:pipeline_factory_v21",
          "call:neutron.auth:pipeline_factory", "call:manila.api.middleware.auth:pipeline_factory",
          "call:designate.api.middleware:auth_pipeline_factory");

constexpr auto request_id_specs =
    names("egg:thane#request_id", "egg:oslo.middleware#request_id",
          "oslo_middleware:RequestId.factory", "oslo_middleware.request_id:RequestId.factory",
          "cinder.api.middleware.request_id:RequestId.factory");
constexpr auto request_id_keys = names("compat_headers");
constexpr auto compute_request_id_specs =
    names("nova.api.compute_req_id:ComputeReqIdMiddleware.factory");

constexpr auto access_log_specs =
    names("egg:thane#access_log", "egg:Paste#translogger", "paste.translogger:make_filter");
constexpr auto access_log_keys =
    names("format", "logger_name", "logging_level", "setup_console_handler", "set_logger_level");
constexpr auto request_log_specs = names("nova.api.openstack.requestlog:RequestLog.factory");

constexpr auto faultwrap_specs = names(
    "egg:thane#faultwrap", "cinder.api.middleware.fault:FaultWrapper.factory",
    "nova.api.openstack:FaultWrapper.factory", "manila.api.middleware.fault:FaultWrapper.factory",
    "designate.api.middleware:FaultWrapperMiddleware.factory",
    "trove.common.wsgi:FaultWrapper.factory");
constexpr auto faultwrap_keys = names("debug");
constexpr auto catch_errors_specs = names(
    "egg:thane#catch_errors", "egg:oslo.middleware#catch_errors",
    "oslo_middleware:CatchErrors.factory", "oslo_middleware.catch_errors:CatchErrors.factory");

constexpr auto sizelimit_specs = names("egg:thane#sizelimit", "egg:oslo.middleware#sizelimit",
                                       "oslo_middleware:RequestBodySizeLimiter.factory",
                                       "oslo_middleware.sizelimit:RequestBodySizeLimiter.factory");
constexpr auto sizelimit_keys = names("max_request_body_size");

constexpr auto proxy_specs =
    names("egg:thane#http_proxy_to_wsgi", "egg:oslo.middleware#http_proxy_to_wsgi",
          "oslo_middleware:HTTPProxyToWSGI.factory",
          "oslo_middleware.http_proxy_to_wsgi:HTTPProxyToWSGI.factory");
constexpr auto proxy_keys = names("enable_proxy_headers_parsing");

constexpr auto timeouts_specs = names("egg:thane#timeouts");
constexpr auto timeouts_keys = names("timeout", "status");

constexpr auto healthcheck_specs =
    names("egg:thane#healthcheck", "egg:oslo.middleware#healthcheck", "egg:swift#healthcheck",
          "oslo_middleware:Healthcheck.factory", "oslo_middleware.healthcheck:Healthcheck.factory");
constexpr auto healthcheck_app_specs =
    names("egg:thane#healthcheck", "egg:oslo.middleware#healthcheck",
          "oslo_middleware:Healthcheck.app_factory",
          "oslo_middleware.healthcheck:Healthcheck.app_factory");
constexpr auto healthcheck_keys =
    names("path", "detailed", "backends", "disable_by_file_path", "disable_by_file_paths",
          "healthz_path", "readyz_path", "disable_path");

const std::array filters{
    Part<Filter>{internal::make_request_id, request_id_specs, {nullptr, request_id_keys}},
    Part<Filter>{internal::make_request_id,
                 compute_request_id_specs,
                 {nullptr, request_id_keys, "compat_headers", "x-compute-request-id"}},
    Part<Filter>{internal::make_access_log, access_log_specs, {nullptr, access_log_keys}},
    Part<Filter>{
        internal::make_access_log, request_log_specs, {nullptr, access_log_keys, "format", "oslo"}},
    Part<Filter>{internal::make_faultwrap, faultwrap_specs, {nullptr, faultwrap_keys}},
    Part<Filter>{internal::make_catch_errors, catch_errors_specs, {nullptr, no_keys}},
    Part<Filter>{internal::make_sizelimit, sizelimit_specs, {"oslo_middleware", sizelimit_keys}},
    Part<Filter>{internal::make_http_proxy_to_wsgi, proxy_specs, {"oslo_middleware", proxy_keys}},
    Part<Filter>{internal::make_timeouts, timeouts_specs, {nullptr, timeouts_keys}},
    Part<Filter>{internal::make_healthcheck, healthcheck_specs, {"healthcheck", healthcheck_keys}},
};

const std::array applications{
    Part<Application>{
        internal::make_healthcheck_app, healthcheck_app_specs, {"healthcheck", healthcheck_keys}},
};

constexpr auto static_specs =
    names("egg:thane#static", "egg:Paste#static", "paste.urlparser:make_static",
          "call:paste.urlparser:make_static");
constexpr auto gzip_specs =
    names("egg:thane#gzip", "egg:Paste#gzip", "glance.api.middleware.gzip:GzipMiddleware.factory");
constexpr auto gzip_app_specs = names("paste.gzipper:make_gzip_middleware");
constexpr auto cors_specs =
    names("egg:thane#cors", "egg:oslo.middleware#cors", "oslo_middleware:CORS.factory",
          "oslo_middleware.cors:CORS.factory", "oslo_middleware.cors:filter_factory");
constexpr auto basic_auth_specs = names("egg:thane#basic_auth", "egg:oslo.middleware#basic_auth",
                                        "oslo_middleware:BasicAuthMiddleware.factory",
                                        "oslo_middleware.basic_auth:BasicAuthMiddleware.factory");
constexpr auto rate_limit_specs = names("egg:thane#rate_limit");

const std::array plain_filters{
    PlainPart<Registry::FilterFactory>{make_gzip, gzip_specs},
    PlainPart<Registry::FilterFactory>{make_basic_auth, basic_auth_specs},
    PlainPart<Registry::FilterFactory>{make_rate_limit, rate_limit_specs},
};

const std::array plain_applications{
    PlainPart<Registry::AppFactory>{make_static_files, static_specs},
};

const std::array composites{
    CompositePart{internal::make_urlmap, urlmap_specs},
    CompositePart{internal::make_nova_urlmap, nova_urlmap_specs},
    CompositePart{internal::make_cascade, cascade_specs},
};

// What a part is told, from the weakest to the strongest.
Settings settings_of(const Described& part, const StockOptions& options,
                     const Settings& global_conf, const Settings& local_conf) {
  Settings settings;
  if (part.group != nullptr) {
    const auto defaults = options.defaults.find(part.group);
    if (defaults != options.defaults.end()) settings.update(defaults->second);
  }
  if (part.preset_key != nullptr) settings.set(part.preset_key, part.preset_value);
  settings.update(global_conf);
  settings.update(local_conf);
  return settings;
}

void add_if_new(Registry& registry, const std::string& spec, Registry::Factory factory) {
  const auto kind = static_cast<Registry::Kind>(factory.index());
  if (!registry.find(spec, kind)) registry.add(spec, std::move(factory));
}

template <class Made>
void add_part(Registry& registry, const Part<Made>& part, const StockOptions& options) {
  for (const std::string spec : part.specs) {
    add_if_new(registry, spec,
               Registry::Maker<Made>{[part, spec, options](const Settings& global_conf,
                                                           const Settings& local_conf) {
                 internal::warn_of_unknown(
                     spec, local_conf, {part.described.keys.begin(), part.described.keys.end()});
                 return part.make(settings_of(part.described, options, global_conf, local_conf),
                                  options);
               }});
  }
}

template <class Factory>
void add_plain(Registry& registry, Names specs, const Factory& factory) {
  for (const std::string spec : specs) add_if_new(registry, spec, factory);
}

// auth_strategy and api_rate_limit are no keys of the section, where any key is a pipeline.
AuthPipelineOptions pipeline_options(const StockOptions& options, const Settings& global_conf) {
  Settings settings;
  if (const auto own = options.defaults.find(""); own != options.defaults.end()) {
    settings.update(own->second);
  }
  settings.update(global_conf);
  AuthPipelineOptions result;
  result.auth_strategy = settings.get("auth_strategy", result.auth_strategy);
  result.api_rate_limit = settings.get_boolean("api_rate_limit", result.api_rate_limit);
  return result;
}

}  // namespace

void add_stock_parts(Registry& registry, const StockOptions& options) {
  for (const auto& part : filters) add_part(registry, part, options);
  for (const auto& part : applications) add_part(registry, part, options);
  for (const auto& part : plain_filters) add_plain(registry, part.specs, part.make);
  for (const auto& part : plain_applications) add_plain(registry, part.specs, part.make);
  for (const auto& part : composites) {
    add_plain(registry, part.specs, Registry::CompositeFactory{part.make});
  }
  add_plain(
      registry, cors_specs,
      Registry::FilterFactory{[policies = options.cors](const Settings&, const Settings& keys) {
        return make_cors(keys, policies);
      }});
  add_plain(registry, gzip_app_specs,
            Registry::FilterAppFactory{
                [](Application next, const Settings& global_conf, const Settings& local_conf) {
                  return make_gzip(global_conf, local_conf)(std::move(next));
                }});
  add_plain(registry, pipeline_specs,
            Registry::CompositeFactory{
                [options](Loader& loader, const Settings& global_conf, const Settings& local_conf) {
                  return auth_pipeline(loader, local_conf, pipeline_options(options, global_conf));
                }});
}

}  // namespace thane::wsgi
