// What a wsgi::Server can be told, by a program or by its users.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <thane/opt.hpp>

namespace thane {
class Snapshot;
}

namespace thane::wsgi {

/// All that wsgi::Server can be told. Each field is also an option of the server's group in the
/// configuration, under the same name; docs/http.md describes them at length.
struct ServerOptions {
  std::string host = "127.0.0.1";     ///< Address or name to listen on; empty: all addresses.
  int port = 8080;                    ///< 0: the kernel chooses.
  std::string unix_socket = {};       ///< Path; listens there and not on host and port.
  std::string unix_socket_mode = {};  ///< Octal mode of that file, "0660"; empty: by the umask.
  std::string listen_fd = {};         ///< Name of an inherited socket, in place of all of these.
  int backlog = 128;                  ///< Connections that may wait to be accepted.
  std::chrono::seconds tcp_keepidle{600};  ///< Idle time before the kernel probes a peer.
  /// How long the constructor waits for an address that another socket has. 0: not at all.
  std::chrono::milliseconds bind_timeout{30'000};

  bool use_ssl = false;               ///< Speak TLS; what follows counts only then. Files are PEM.
  std::string cert_file = {};         ///< Certificate, and those that lead to the root.
  std::string key_file = {};          ///< Its key, not encrypted; empty: in cert_file.
  std::string ca_file = {};           ///< Who may issue clients' certificates.
  std::string client_cert = {};       ///< none, optional, required; empty: required with a ca_file.
  std::string version = "TLSv1_2";    ///< The lowest that is spoken; or TLSv1_3.
  std::string ciphers = {};           ///< For TLS 1.2, as openssl-ciphers(1) has it.
  std::vector<std::string> sni = {};  ///< More certificates, by host: "NAME=CERT,KEY".

  /// Connections at a time, in each worker. When it is full, idle ones make way or new ones wait.
  int wsgi_default_pool_size = 100;
  bool wsgi_keep_alive = true;     ///< False: one request a connection.
  bool wsgi_server_debug = false;  ///< True: a 500 carries the exception's text.
  bool wsgi_access_log = true;     ///< A log line for each request.
  std::string wsgi_log_format =
      "%(client_ip)s \"%(request_line)s\" status: %(status_code)s  len: %(body_length)s "
      "time: %(wall_seconds).7f";

  /// Limits on time; they end a connection up to one second late. 0: no limit.
  std::chrono::milliseconds client_header_timeout{60'000};   ///< A request head; 408 when it began.
  std::chrono::milliseconds client_socket_timeout{900'000};  ///< Each wait within a body or answer.
  std::chrono::milliseconds keep_alive_timeout{75'000};      ///< Between two requests.
  std::chrono::milliseconds close_linger{
      1'000};  ///< For the client to close after our last answer.
  std::chrono::milliseconds graceful_linger{500};  ///< stop(): for requests on idle connections.
  std::chrono::milliseconds reload_linger{5'000};  ///< The same, when another worker takes over.
  std::chrono::milliseconds drain_delay{0};        ///< A stop for good begins so much later.

  /// Octets a second that a client has to send of a body, or take of an answer, on average, once it
  /// has kept us waiting for client_socket_timeout in all. 0: no limit.
  std::int64_t min_client_rate = 240;

  /// Limits on size, in octets unless said otherwise.
  std::int64_t max_url_len = 8192;       ///< Request target; beyond: 414.
  std::int64_t max_header_line = 16384;  ///< One header field; beyond: 431.
  std::int64_t max_header_size = 65536;  ///< The whole head; beyond: 431.
  int max_headers = 100;                 ///< Header fields, 128 at the most; beyond: 431.
  std::int64_t max_unread_body =
      65536;  ///< Of a body nobody read, before the connection is closed.
};

/// The group of options of the server called `name`, to be named in Config::from_command_line().
///
///     const auto config = thane::Config::from_command_line(argc, argv, {wsgi::options("web")});
[[nodiscard]] OptGroup options(const std::string& name);

/// The options of that group as they stand in `snapshot`.
[[nodiscard]] ServerOptions options_from(const Snapshot& snapshot, const std::string& name);

}  // namespace thane::wsgi
