// Lets in who knows a password: HTTP Basic (RFC 7617), as oslo.middleware does it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <thane/wsgi/filter.hpp>
#include <thane/wsgi/settings.hpp>

namespace thane::wsgi {

struct BasicAuthOptions {
  /// Lines "NAME:HASH" as `htpasswd -B` writes them; the first of a name counts. Only bcrypt is
  /// known ($2a$, $2b$, $2y$). Lines without ':' do not count.
  std::filesystem::path user_file = "/etc/htpasswd";
  std::string realm = "thane";  ///< What the browser shows the user; without '"' and '\'.
  /// Paths that need no password: "/healthcheck" is that path, "/public/" all that begins so.
  std::vector<std::string> public_paths = {};
  /// Passwords that one worker looks at at a time; who comes then waits.
  std::size_t most_at_once = 4;
};

/// The name under which the user is left with the request: a std::string.
inline constexpr std::string_view basic_auth_user = "basic_auth.user";

/// Passes on what carries a name and its password, and answers the rest with 401,
/// WWW-Authenticate, and what oslo.middleware says as JSON.
///
///     app = wsgi::basic_auth({.user_file = "/etc/shop/users", .public_paths = {"/healthz"}})(app);
///     const auto* user = request.attribute<std::string>(wsgi::basic_auth_user);
///
/// An application of PEP 3333 finds REMOTE_USER, AUTH_TYPE, and as under oslo.middleware
/// HTTP_X_USER and HTTP_X_USER_NAME in its environ, and no HTTP_AUTHORIZATION. On public paths it
/// does not, and HTTP_X_USER is what the client says.
///
/// The file is read for each request, so that changes count at once; if it cannot be read the
/// answer is 500. Hashing is slow by design and done on a thread of offload(), for names that are
/// not there as well, so that the time tells nothing. Of a password 72 octets count. Nothing limits
/// how often one may guess: put rate_limit() in front, and TLS, as passwords are sent as they are.
///
/// A path with a "." or ".." in it is never public. Throws std::system_error if the file cannot be
/// read, std::invalid_argument for a line of it with another hash, and for such a realm.
[[nodiscard]] Filter basic_auth(BasicAuthOptions options = {});

/// A Paste factory: `http_basic_auth_user_file`, `realm`, and `public_paths`, words.
[[nodiscard]] Filter make_basic_auth(const Settings& global_conf, const Settings& local_conf);

}  // namespace thane::wsgi
