// The options of servers that have all in common but where they listen.
#pragma once

#include <string>

#include <thane/wsgi/server_options.hpp>

namespace thane::wsgi::internal {

/// All options but host, port, unix_socket, unix_socket_mode, listen_fd and use_ssl.
[[nodiscard]] OptGroup shared_options(const std::string& name);
/// Their values; the others are the defaults.
[[nodiscard]] ServerOptions shared_options_from(const Snapshot& snapshot, const std::string& name);

}  // namespace thane::wsgi::internal
