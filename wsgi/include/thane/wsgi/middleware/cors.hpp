// Lets scripts of other origins read answers: CORS, as oslo.middleware does it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <thane/opt.hpp>
#include <thane/snapshot.hpp>
#include <thane/wsgi/filter.hpp>
#include <thane/wsgi/settings.hpp>

namespace thane::wsgi {

/// What scripts of some origins may do. Names and defaults are those of oslo.middleware.
struct CorsPolicy {
  /// "https://dashboard.example" each, or "*" for those that no policy names. None: nothing is
  /// allowed by this policy.
  std::vector<std::string> allowed_origin = {};
  bool allow_credentials = true;                 ///< Cookies and passwords may be sent along.
  std::vector<std::string> expose_headers = {};  ///< Fields of answers that scripts may read.
  int max_age = 3600;  ///< Seconds that a browser may keep what a preflight said; 0: not said.
  std::vector<std::string> allow_methods = {"OPTIONS", "GET",    "HEAD",  "POST",
                                            "PUT",     "DELETE", "TRACE", "PATCH"};
  /// Fields of requests, beside Accept, Accept-Language, Cache-Control, Content-Language,
  /// Content-Type, Expires, Last-Modified and Pragma.
  std::vector<std::string> allow_headers = {};
};

/// Adds to answers what browsers want to see before a script of another origin gets them. The first
/// policy that names an origin is that origin's.
///
///     app = wsgi::cors({{.allowed_origin = {"https://dashboard.example"},
///                        .expose_headers = {"X-Request-Id"}}})(app);
///
/// OPTIONS goes to the application first. If that does not answer it with 2xx the answer is an
/// empty 200, so that preflights work for applications that do not know the method. An answer with
/// Access-Control-Allow-Origin of its own stays as it is. What is not allowed is answered too, but
/// without the fields, and the browser keeps the answer to itself: this protects users, it does not
/// keep anybody out.
///
/// An origin that "*" lets in is told "*", so that browsers send no credentials for it, whatever
/// allow_credentials says. Vary has Origin in each answer.
[[nodiscard]] Filter cors(std::vector<CorsPolicy> policies);

/// The options of a policy, for a group of the configuration: "cors", or "cors.NAME" for more.
[[nodiscard]] OptGroup cors_options(std::string_view group = "cors");
/// The policies that these groups say. What the first leaves out has the default above; what others
/// leave out has the value of the first.
[[nodiscard]] std::vector<CorsPolicy> cors_policies(const Snapshot& values,
                                                    const std::vector<std::string>& groups);

/// A Paste factory: the members of CorsPolicy as keys, lists by commas. It asks for
/// `allowed_origin` or, as the files of OpenStack have it, `oslo_config_project`; what the section
/// does not say is then taken from the first of `policies`, and the others are added.
[[nodiscard]] Filter make_cors(const Settings& local_conf,
                               const std::vector<CorsPolicy>& policies = {});

}  // namespace thane::wsgi
