#include <thane/wsgi/middleware/cors.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include <thane/log.hpp>
#include <thane/snapshot.hpp>

#include "../field_list.hpp"
#include "known_keys.hpp"
#include "vary.hpp"

// The rules are those of oslo.middleware's CORS, which are those of the W3C's recommendation of
// 2014: https://www.w3.org/TR/2014/REC-cors-20140116/, sections 6.1 and 6.2.

namespace thane::wsgi {

namespace {

// Fields that everybody may send, in lower case.
constexpr std::array<std::string_view, 8> simple_headers{
    "accept",       "accept-language", "cache-control", "content-language",
    "content-type", "expires",         "last-modified", "pragma"};

std::string lower(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(), internal::to_lower);
  return result;
}

bool contains(const auto& range, std::string_view value) {
  return std::ranges::find(range, value) != std::ranges::end(range);
}

class Cors {
 public:
  explicit Cors(std::vector<CorsPolicy> policies) {
    for (auto& policy : policies) {
      const auto shared = std::make_shared<const Rules>(policy);
      for (const auto& origin : policy.allowed_origin) {
        if (!origins_.try_emplace(origin, shared).second) {
          log::warning("cors: origin {} is allowed already, passed over", origin);
        }
      }
    }
  }

  Response answer(Request& request, const Application& next) const {
    if (request.method() != "OPTIONS") return decorated(request, next(request));
    Response response = to_options(request, next);
    if (response.header("Access-Control-Allow-Origin")) return response;
    if (response.status() >= 300) response = Response{200};
    return preflight(request, std::move(response));
  }

 private:
  struct Rules {
    explicit Rules(const CorsPolicy& policy)
        : credentials(policy.allow_credentials),
          exposed(fmt::format("{}", fmt::join(policy.expose_headers, ","))),
          max_age(policy.max_age),
          methods(policy.allow_methods) {
      for (const auto& name : policy.allow_headers) headers.push_back(lower(name));
    }

    bool credentials;
    std::string exposed;
    int max_age;
    std::vector<std::string> methods;
    std::vector<std::string> headers;  // In lower case.
  };
  using Origins = std::map<std::string, std::shared_ptr<const Rules>, std::less<>>;

  // An application that refuses the method does not know of preflights, whichever way it says so.
  static Response to_options(Request& request, const Application& next) {
    try {
      return next(request);
    } catch (const request_error& error) {
      return Response{error.status()};
    }
  }

  [[nodiscard]] Origins::const_iterator rules_for(const Request& request) const {
    const auto origin = request.header("Origin");
    if (!origin) return origins_.end();
    const auto known = origins_.find(*origin);
    return known != origins_.end() ? known : origins_.find("*");
  }

  [[nodiscard]] Response decorated(const Request& request, Response response) const {
    if (response.header("Access-Control-Allow-Origin")) return response;
    internal::add_vary(response, "Origin", "origin");
    const auto found = rules_for(request);
    if (found == origins_.end()) return response;
    const auto& [origin, rules] = *found;
    allow(response, origin, *rules);
    if (!rules->exposed.empty()) {
      response.set_header("Access-Control-Expose-Headers", rules->exposed);
    }
    return response;
  }

  [[nodiscard]] Response preflight(const Request& request, Response response) const {
    internal::add_vary(response, "Origin", "origin");
    const auto found = rules_for(request);
    const auto method = request.header("Access-Control-Request-Method");
    if (found == origins_.end() || !method) return response;
    const auto& [origin, rules] = *found;
    if (!contains(rules->methods, *method)) {
      log::debug("cors: method {} is not allowed for {}", *method, origin);
      return response;
    }
    std::vector<std::string_view> wanted;
    bool allowed = true;
    const auto fields =
        internal::joined_fields(request, "access-control-request-headers").value_or("");
    internal::for_each_element(fields, [&](std::string_view name) {
      wanted.push_back(name);
      const std::string known = lower(name);
      allowed = allowed && (contains(simple_headers, known) || contains(rules->headers, known));
    });
    if (!allowed) {
      log::debug("cors: not all fields of {} are allowed for {}", fields, origin);
      return response;
    }
    allow(response, origin, *rules);
    if (rules->max_age > 0) {
      response.set_header("Access-Control-Max-Age", std::to_string(rules->max_age));
    }
    response.set_header("Access-Control-Allow-Methods", *method);
    if (!wanted.empty()) {
      response.set_header("Access-Control-Allow-Headers",
                          fmt::format("{}", fmt::join(wanted, ",")));
    }
    return response;
  }

  static void allow(Response& response, const std::string& origin, const Rules& rules) {
    response.set_header("Access-Control-Allow-Origin", origin);
    if (rules.credentials) response.set_header("Access-Control-Allow-Credentials", "true");
  }

  Origins origins_;
};

std::vector<std::string> list_of(const Settings& settings, std::string_view key,
                                 std::vector<std::string> fallback) {
  const auto value = settings.find(key);
  if (!value) return fallback;
  std::vector<std::string> list;
  internal::for_each_element(*value, [&](std::string_view element) { list.emplace_back(element); });
  return list;
}

}  // namespace

Filter cors(std::vector<CorsPolicy> policies) {
  return [filter = std::make_shared<const Cors>(std::move(policies))](Application next) {
    return [filter, next = std::move(next)](Request& request) {
      return filter->answer(request, next);
    };
  };
}

OptGroup cors_options(std::string_view group) {
  using List = std::vector<std::string>;
  const CorsPolicy defaults;
  return {std::string{group},
          {
              Opt<List>{.name = "allowed_origin",
                        .help = "Origins whose scripts may read answers, as "
                                "https://horizon.example.com, or *; none: nobody's."},
              Opt<bool>{.name = "allow_credentials",
                        .default_value = defaults.allow_credentials,
                        .help = "Whether requests may carry cookies and passwords."},
              Opt<List>{.name = "expose_headers",
                        .default_value = defaults.expose_headers,
                        .help = "Fields of answers that scripts may read."},
              Opt<int>{.name = "max_age",
                       .default_value = defaults.max_age,
                       .help = "Seconds that a browser may keep the answer to a preflight; 0 does "
                               "not say.",
                       .min = 0},
              Opt<List>{.name = "allow_methods",
                        .default_value = defaults.allow_methods,
                        .help = "Methods that scripts may use."},
              Opt<List>{.name = "allow_headers",
                        .default_value = defaults.allow_headers,
                        .help = "Fields that scripts may send, beside the simple ones."},
          }};
}

std::vector<CorsPolicy> cors_policies(const Snapshot& values,
                                      const std::vector<std::string>& groups) {
  std::map<std::string, std::string> origins;
  for (auto& entry : values.entries()) origins.emplace(entry.name, std::move(entry.origin));
  std::vector<CorsPolicy> policies;
  for (const auto& group : groups) {
    CorsPolicy policy = policies.empty() ? CorsPolicy{} : policies.front();
    const auto take = [&]<class T>(std::string_view name, T& value) {
      const std::string full = group + "." + std::string{name};
      if (policies.empty() || origins.at(full) != "default") value = values.get<T>(full);
    };
    policy.allowed_origin = values.get<std::vector<std::string>>(group + ".allowed_origin");
    take("allow_credentials", policy.allow_credentials);
    take("expose_headers", policy.expose_headers);
    take("max_age", policy.max_age);
    take("allow_methods", policy.allow_methods);
    take("allow_headers", policy.allow_headers);
    policies.push_back(std::move(policy));
  }
  return policies;
}

Filter make_cors(const Settings& local_conf, const std::vector<CorsPolicy>& policies) {
  internal::warn_of_unknown(
      "cors", local_conf,
      {"allowed_origin", "allow_credentials", "expose_headers", "max_age", "allow_methods",
       "allow_headers", "oslo_config_project", "oslo_config_program", "oslo_config_file"});
  if (!local_conf.contains("allowed_origin") && !local_conf.contains("oslo_config_project")) {
    throw std::invalid_argument("allowed_origin or oslo_config_project is required");
  }
  std::vector<CorsPolicy> all = policies;
  if (all.empty()) all.emplace_back();
  CorsPolicy& first = all.front();
  first.allowed_origin = list_of(local_conf, "allowed_origin", first.allowed_origin);
  first.allow_credentials = local_conf.get_boolean("allow_credentials", first.allow_credentials);
  first.expose_headers = list_of(local_conf, "expose_headers", first.expose_headers);
  if (const auto age = local_conf.find("max_age"); age && age->empty()) {
    first.max_age = 0;  // As files of OpenStack say it.
  } else {
    const auto seconds = local_conf.get_integer("max_age", first.max_age);
    if (seconds < 0 || seconds > std::numeric_limits<int>::max()) {
      throw std::invalid_argument(fmt::format("max_age cannot be {}", seconds));
    }
    first.max_age = static_cast<int>(seconds);
  }
  first.allow_methods = list_of(local_conf, "allow_methods", first.allow_methods);
  first.allow_headers = list_of(local_conf, "allow_headers", first.allow_headers);
  return cors(std::move(all));
}

}  // namespace thane::wsgi
