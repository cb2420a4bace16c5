#include "file_parts.hpp"

#include <thane/wsgi/middleware/basic_auth.hpp>
#include <thane/wsgi/middleware/gzip.hpp>
#include <thane/wsgi/middleware/rate_limit.hpp>
#include <thane/wsgi/middleware/static_files.hpp>

namespace thane::wsgi::internal {

void add_file_parts(Registry& registry, const std::vector<CorsPolicy>& policies) {
  for (const char* const name :
       {"egg:thane#static", "egg:Paste#static", "paste.urlparser:make_static",
        "call:paste.urlparser:make_static"}) {
    registry.add_app(name, make_static_files);
  }
  for (const char* const name : {"egg:thane#gzip", "egg:Paste#gzip"}) {
    registry.add_filter(name, make_gzip);
  }
  registry.add_filter_app(
      "paste.gzipper:make_gzip_middleware",
      [](Application next, const Settings& global_conf, const Settings& local_conf) {
        return make_gzip(global_conf, local_conf)(std::move(next));
      });
  for (const char* const name :
       {"egg:thane#cors", "egg:oslo.middleware#cors", "oslo_middleware:CORS.factory",
        "oslo_middleware.cors:CORS.factory", "oslo_middleware.cors:filter_factory"}) {
    registry.add_filter(name, [policies](const Settings&, const Settings& local_conf) {
      return make_cors(local_conf, policies);
    });
  }
  for (const char* const name : {"egg:thane#basic_auth", "egg:oslo.middleware#basic_auth",
                                 "oslo_middleware:BasicAuthMiddleware.factory",
                                 "oslo_middleware.basic_auth:BasicAuthMiddleware.factory"}) {
    registry.add_filter(name, make_basic_auth);
  }
  registry.add_filter("egg:thane#rate_limit", make_rate_limit);
}

}  // namespace thane::wsgi::internal
