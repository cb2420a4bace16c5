// The document in which an API says which versions of it there are, and the switches of these.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <thane/config.hpp>
#include <thane/wsgi/application.hpp>
#include <thane/wsgi/registry.hpp>

namespace thane::wsgi {

enum class VersionStatus { current, supported, deprecated, experimental };

struct ApiVersion {
  std::string id;  ///< "v2.0"; what stands before the dot is its path and its switch.
  VersionStatus status = VersionStatus::current;
  std::string updated = {};       ///< ISO 8601: "2014-06-28T12:20:21Z".
  std::string version = {};       ///< The newest microversion; empty: it has none.
  std::string min_version = {};   ///< The oldest.
  std::string described_by = {};  ///< A page about it; empty: none.
  std::string media_type = {};  ///< "application/vnd.openstack.volume+json;version=2"; empty: none.
};

/// The versions of one API; a value.
///
///     const wsgi::ApiVersions versions{{{.id = "v1.0", .status = wsgi::VersionStatus::deprecated},
///                                       {.id = "v2.0"}}};
///     registry.add_app("call:shop:versions",
///                      [=](auto&, auto&) { return versions.enabled(config).application(); });
///     registry.add_composite("call:shop:root", versions.composite(config));
///
/// Each has a switch in [DEFAULT], enable_v1_api: name options() in Config::from_command_line().
class ApiVersions {
 public:
  /// `public_endpoint`: what links begin with where a proxy hides the server; empty: what the
  /// client has asked for.
  explicit ApiVersions(std::vector<ApiVersion> versions, std::string public_endpoint = {});

  /// The switches, on by default.
  [[nodiscard]] OptGroup options() const;
  /// Those that are switched on.
  [[nodiscard]] ApiVersions enabled(const Config& config) const;

  /// For "/": 300 and all of them, sorted by id. Other paths are fault 404.
  [[nodiscard]] Application application() const;
  /// For "/" of the version itself: 200 and that one alone. Throws std::invalid_argument if there
  /// is none of that id.
  [[nodiscard]] Application detail(std::string_view id) const;

  /// A composite that hands to `urlmap`, by default the one of wsgi::urlmap(), what is in the Paste
  /// file but for versions that are switched off: of "/v1: api_v1" and "/v2: api_v2", the first.
  [[nodiscard]] Registry::CompositeFactory composite(const Config& config,
                                                     Registry::CompositeFactory urlmap = {}) const;

 private:
  std::vector<ApiVersion> versions_;
  std::string public_endpoint_;
};

}  // namespace thane::wsgi
