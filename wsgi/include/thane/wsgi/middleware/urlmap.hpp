// Applications by the beginning of the path, and by host: Paste's urlmap.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <thane/wsgi/application.hpp>

namespace thane::wsgi {

struct Mount {
  /// "/v2", "" or "/" for all paths, "http://api.example.org:8080/v2", or in Paste's words
  /// "domain api.example.org port 8080 /v2". Slashes that follow one another are one, those at the
  /// end none.
  std::string where;
  Application application;
};

struct UrlMapOptions {
  /// Answers where nothing matches; none: 404 without a body.
  Application not_found = {};
  enum class Wildcard : std::uint8_t {
    none,    ///< "/+" is a path like any other.
    at_end,  ///< "/v2/+", as in nova: "/v2/" and at least one octet more.
  };
  Wildcard wildcard = Wildcard::none;
};

/// Hands each request to the application whose mount is the longest one that its path begins with,
/// at a '/'. Mounts of the host that the request asks for go before those of all hosts, however
/// short. The application sees its mount at the end of script_name(), the rest as path(); if
/// something matches, slashes that follow one another in the path become one. Of two equal mounts
/// the later counts.
///
///     auto app = wsgi::urlmap({{"/", versions}, {"/v3", api}, {"http://admin.local/", admin}});
///
/// A mount without a port is for each port. Throws std::invalid_argument for a mount that is none
/// of the above, and for an empty application.
[[nodiscard]] Application urlmap(std::vector<Mount> mounts, UrlMapOptions options = {});

}  // namespace thane::wsgi
