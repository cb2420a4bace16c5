// One pipeline of several, by the way in which a service authenticates: OpenStack's composites.
#pragma once

#include <string>

#include <thane/wsgi/application.hpp>
#include <thane/wsgi/loader.hpp>
#include <thane/wsgi/settings.hpp>

namespace thane::wsgi {

struct AuthPipelineOptions {
  std::string auth_strategy = "keystone";  ///< Which key of the section is the pipeline.
  /// False: the key AUTH_STRATEGY_nolimit goes before it, where there is one.
  bool api_rate_limit = true;
};

/// What pipeline_factory of cinder, nova, neutron, manila and designate makes of
///
///     [composite:api]
///     use = call:cinder.api.middleware.auth:pipeline_factory
///     noauth = request_id faultwrap noauth apiv3
///     keystone = request_id faultwrap authtoken keystonecontext apiv3
///     keystone_nolimit = request_id authtoken keystonecontext apiv3
///
/// The last word is an application, the others are filters, the first outermost. As there, what is
/// `set` in the section does not hold for them. Throws std::invalid_argument if the key is missing
/// or empty, and what Loader throws.
[[nodiscard]] Application auth_pipeline(Loader& loader, const Settings& local_conf,
                                        const AuthPipelineOptions& options);

}  // namespace thane::wsgi
