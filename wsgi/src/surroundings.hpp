// Where a request came from and where it went to, beside what it says itself.
#pragma once

#include <string_view>

#include <thane/wsgi/client_certificate.hpp>

namespace thane::wsgi::internal {

/// Outlives the Request that is made with it.
struct Surroundings {
  std::string_view peer = {};                 ///< IP address; empty for a Unix socket.
  std::string_view server_name = {};          ///< Host that is listened on.
  std::string_view server_port = {};          ///< Port that is listened on, in decimal.
  bool secure = false;                        ///< It came over TLS.
  const ClientCertificate* client = nullptr;  ///< None: it has shown none.
  const bool* ending = nullptr;               ///< The server is to stop for good. None: it is not.
};

}  // namespace thane::wsgi::internal
