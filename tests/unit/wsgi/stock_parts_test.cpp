#include <thane/wsgi/stock_parts.hpp>

#include <doctest/doctest.h>

#include <string>
#include <thane/config.hpp>
#include <thane/wsgi/loader.hpp>
#include <vector>

#include "made_request.hpp"
#include "paste_world.hpp"
#include "support/captured_log.hpp"

using thane::Config;
using thane::testing::CapturedLog;
using thane::testing::MadeRequest;
using thane::testing::PasteWorld;
using thane::wsgi::Application;
using thane::wsgi::Registry;
using thane::wsgi::Request;
using thane::wsgi::Response;
using thane::wsgi::StockOptions;
using thane::wsgi::with_stock_options;

namespace {

using Kind = Registry::Kind;

TEST_CASE("each name that OpenStack's files give a part of these is known, of its kind") {
  Registry registry;
  thane::wsgi::add_stock_parts(registry);
  const std::vector<std::pair<Kind, std::vector<std::string>>> known{
      {Kind::composite,
       {"egg:Paste#urlmap", "egg:paste#cascade", "call:cinder.api:root_app_factory",
        "call:manila.api:root_app_factory", "magnum.api:root_app_factory",
        "glance.api:root_app_factory", "call:nova.api.openstack.urlmap:urlmap_factory",
        "call:trove.common.wsgi:versioned_urlmap", "call:nova.api.auth:pipeline_factory_v21",
        "call:cinder.api.middleware.auth:pipeline_factory", "call:neutron.auth:pipeline_factory",
        "call:manila.api.middleware.auth:pipeline_factory",
        "call:designate.api.middleware:auth_pipeline_factory"}},
      {Kind::filter,
       {"oslo_middleware:RequestId.factory",
        "oslo_middleware.request_id:RequestId.factory",
        "cinder.api.middleware.request_id:RequestId.factory",
        "nova.api.compute_req_id:ComputeReqIdMiddleware.factory",
        "nova.api.openstack.requestlog:RequestLog.factory",
        "cinder.api.middleware.fault:FaultWrapper.factory",
        "nova.api.openstack:FaultWrapper.factory",
        "manila.api.middleware.fault:FaultWrapper.factory",
        "designate.api.middleware:FaultWrapperMiddleware.factory",
        "trove.common.wsgi:FaultWrapper.factory",
        "oslo_middleware:CatchErrors.factory",
        "oslo_middleware:RequestBodySizeLimiter.factory",
        "oslo_middleware.sizelimit:RequestBodySizeLimiter.factory",
        "oslo_middleware:HTTPProxyToWSGI.factory",
        "oslo_middleware.http_proxy_to_wsgi:HTTPProxyToWSGI.factory",
        "oslo_middleware:Healthcheck.factory",
        "egg:oslo.middleware#healthcheck",
        "egg:oslo_middleware#http_proxy_to_wsgi",
        "egg:swift#healthcheck",
        "glance.api.middleware.gzip:GzipMiddleware.factory",
        "egg:thane#timeouts",
        "egg:thane#access_log"}},
      {Kind::app, {"oslo_middleware:Healthcheck.app_factory", "egg:oslo.middleware#healthcheck"}},
  };
  for (const auto& [kind, specs] : known) {
    for (const auto& spec : specs) {
      CAPTURE(spec);
      CHECK(registry.find(spec, kind));
    }
  }
}

// [pipeline:main] with one filter, and an application that reads the body.
struct OneFilter : PasteWorld {
  explicit OneFilter(const std::string& section, const StockOptions& options = {},
                     const std::string& defaults = {})
      : PasteWorld("[DEFAULT]\n" + defaults + "[pipeline:main]\npipeline = part app\n[app:app]\n" +
                   "paste.app_factory = m:app\n[filter:part]\n" + section) {
    registry.add_app("m:app", [](const Settings&, const Settings&) -> Application {
      return [](Request& request) { return Response::text(request.read_all()); };
    });
    thane::wsgi::add_stock_parts(registry, options);
  }

  Response ask(const std::string& target = "/", const std::string& body = "0123456789") {
    const auto application = load(thane::wsgi::internal::Role::application, "config:/etc/p.ini", {},
                                  {}, {}, thane::wsgi::internal::make_app);
    MadeRequest request{"POST", target, "Content-Length: " + std::to_string(body.size()) + "\r\n",
                        body};
    return application(*request);
  }
};

constexpr const char* sizelimit =
    "paste.filter_factory = oslo_middleware:RequestBodySizeLimiter.factory\n";

TEST_CASE("the section goes before DEFAULT, DEFAULT before the service's configuration") {
  const auto status = [](const std::string& section, const StockOptions& options = {},
                         const std::string& defaults = {}) {
    return OneFilter{sizelimit + section, options, defaults}.ask().status();
  };
  const std::string low = "max_request_body_size = 5\n";
  const StockOptions configured{
      .defaults = {{"oslo_middleware", {{"max_request_body_size", "5"}}}}};
  CHECK(status("") == 200);
  CHECK(status(low) == 413);
  CHECK(status("", configured) == 413);
  CHECK(status("max_request_body_size = 50\n", configured) == 200);
  CHECK(status("", configured, "max_request_body_size = 50\n") == 200);
}

TEST_CASE("a setting that makes no sense is an error of its section") {
  OneFilter file{std::string{sizelimit} + "max_request_body_size = big\n"};
  CHECK(std::string{file.app_error().what()}.find(
            "max_request_body_size = \"big\" is not a whole number") != std::string::npos);
}

TEST_CASE("a key that the part does not know is warned about, those of oslo.config are not") {
  const CapturedLog log;
  OneFilter file{std::string{sizelimit} +
                 "max_request_bodysize = 5\noslo_config_project = cinder\n"};
  CHECK(file.ask().status() == 200);
  CHECK(log.count("has no setting \"max_request_bodysize\"; did you mean "
                  "\"max_request_body_size\"?") == 1);
  CHECK(log.count("has no setting") == 1);
}

TEST_CASE("names of nova and swift stand for settings") {
  OneFilter nova{"paste.filter_factory = nova.api.compute_req_id:ComputeReqIdMiddleware.factory\n"};
  CHECK(nova.ask().header("x-compute-request-id"));
  OneFilter swift{"use = egg:swift#healthcheck\ndisable_path = /\n"};
  CHECK(swift.ask("/healthcheck").status() == 503);
}

TEST_CASE("a program's own checks can be named as backends") {
  const StockOptions options{
      .health_checks = {{"database", [](const Request&) {
                           return thane::wsgi::HealthResult{false, "NO DATABASE"};
                         }}}};
  OneFilter file{"use = egg:thane#healthcheck\nbackends = disable_by_file, database\n", options};
  CHECK(file.ask("/healthcheck").body() == "OK\nNO DATABASE");
}

TEST_CASE("what a program has registered itself stays") {
  Registry registry;
  int calls = 0;
  registry.add_filter("nova.api.openstack:FaultWrapper.factory", [&](const auto&, const auto&) {
    ++calls;
    return [](Application next) { return next; };
  });
  thane::wsgi::add_stock_parts(registry);
  thane::wsgi::add_stock_parts(registry);
  const auto factory = registry.find("nova.api.openstack:FaultWrapper.factory", Kind::filter);
  REQUIRE(factory);
  (void)std::get<Registry::FilterFactory> (*factory)({}, {});
  CHECK(calls == 1);
}

TEST_CASE(
    "the service's configuration has the options that oslo's parts have, and says what is set") {
  const auto config = Config::parse({"--oslo-middleware-max-request-body-size", "9",
                                     "--healthcheck-backends", "a,b", "--auth-strategy", "noauth"},
                                    with_stock_options());
  const auto options = thane::wsgi::stock_options_from(*config.snapshot());
  CHECK(options.defaults.at("oslo_middleware") ==
        thane::wsgi::Settings{{"max_request_body_size", "9"}});
  CHECK(options.defaults.at("") == thane::wsgi::Settings{{"auth_strategy", "noauth"}});
  CHECK(options.defaults.at("healthcheck").get("backends") == "a, b");
}

}  // namespace
