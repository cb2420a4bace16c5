#include <thane/wsgi/server_options.hpp>

#include <string>
#include <thane/snapshot.hpp>
#include <vector>

#include "request_head.hpp"
#include "server_option_groups.hpp"

namespace thane::wsgi {

namespace {

using std::chrono::milliseconds;

constexpr auto at_run_time = Change::at_run_time;

// One option for each field of ServerOptions, whose defaults are the only ones. Deprecated names
// are those of nova, glance and swift, so that their files can be taken over.
std::vector<AnyOpt> address_options(const ServerOptions& defaults) {
  return {
      Opt<std::string>{.name = "host",
                       .default_value = defaults.host,
                       .help = "Address or name to listen on; empty means all addresses.",
                       .deprecated_name = "bind_host"},
      Opt<int>{.name = "port",
               .default_value = defaults.port,
               .help = "TCP port to listen on; 0 lets the kernel choose.",
               .min = 0,
               .max = 65535,
               .deprecated_name = "bind_port"},
      Opt<std::string>{
          .name = "unix_socket",
          .default_value = defaults.unix_socket,
          .help = "Path of a Unix socket to listen on, in the place of host and port."},
      Opt<std::string>{
          .name = "unix_socket_mode",
          .default_value = defaults.unix_socket_mode,
          .help = "Octal mode of the Unix socket's file; empty leaves it to the umask."},
      Opt<std::string>{.name = "listen_fd",
                       .default_value = defaults.listen_fd,
                       .help = "Name of a socket that the service manager has opened (systemd's "
                               "FileDescriptorName=), in the place of host, port and unix_socket."},
  };
}

std::vector<AnyOpt> socket_options(const ServerOptions& defaults) {
  return {
      Opt<int>{.name = "backlog",
               .default_value = defaults.backlog,
               .help = "Connections that may wait to be accepted.",
               .min = 1},
      Opt<std::chrono::seconds>{
          .name = "tcp_keepidle",
          .default_value = defaults.tcp_keepidle,
          .help = "Idle time before the kernel probes whether a peer is there.",
          .min = std::chrono::seconds{1}},
      Opt<milliseconds>{.name = "bind_timeout",
                        .default_value = defaults.bind_timeout,
                        .help = "Time to wait at start for an address that another socket has; 0 "
                                "means not at all."},
  };
}

Opt<bool> use_ssl_option(const ServerOptions& defaults) {
  return {.name = "use_ssl",
          .default_value = defaults.use_ssl,
          .help = "Whether to speak TLS: HTTPS, and nothing else, on the same port."};
}

std::vector<AnyOpt> tls_options(const ServerOptions& defaults) {
  return {
      Opt<std::string>{.name = "cert_file",
                       .default_value = defaults.cert_file,
                       .help = "PEM file of the certificate and of those that lead to its root.",
                       .deprecated_name = "ssl_cert_file"},
      Opt<std::string>{.name = "key_file",
                       .default_value = defaults.key_file,
                       .help = "PEM file of its key, not encrypted; empty means cert_file.",
                       .deprecated_name = "ssl_key_file"},
      Opt<std::string>{.name = "ca_file",
                       .default_value = defaults.ca_file,
                       .help = "PEM file of those who may have issued a client's certificate.",
                       .deprecated_name = "ssl_ca_file"},
      Opt<std::string>{.name = "client_cert",
                       .default_value = defaults.client_cert,
                       .help = "Whether clients show a certificate: none, optional or required; "
                               "empty means required if there is a ca_file."},
      Opt<std::string>{.name = "version",
                       .default_value = defaults.version,
                       .help = "Lowest version of TLS: TLSv1_2 or TLSv1_3."},
      Opt<std::string>{.name = "ciphers",
                       .default_value = defaults.ciphers,
                       .help = "Cipher suites for TLS 1.2, as openssl-ciphers(1) writes them; "
                               "empty means those with forward secrecy and AEAD."},
      Opt<std::vector<std::string>>{
          .name = "sni",
          .default_value = defaults.sni,
          .help = "Certificates for other host names: NAME=CERT,KEY, once for each; *.NAME is for "
                  "all hosts one level below."},
  };
}

std::vector<AnyOpt> behaviour_options(const ServerOptions& defaults, const char* old_pool_size) {
  return {
      Opt<int>{
          .name = "wsgi_default_pool_size",
          .default_value = defaults.wsgi_default_pool_size,
          .help = "Connections that one worker serves at a time; when full, idle ones make way.",
          .min = 1,
          .change = at_run_time,
          .deprecated_name = old_pool_size},
      Opt<bool>{.name = "wsgi_keep_alive",
                .default_value = defaults.wsgi_keep_alive,
                .help = "Whether a connection may carry more than one request.",
                .change = at_run_time,
                .deprecated_name = "keep_alive http_keepalive"},
      Opt<bool>{.name = "wsgi_server_debug",
                .default_value = defaults.wsgi_server_debug,
                .help = "Whether an answer with status 500 tells the client what went wrong.",
                .change = at_run_time},
      Opt<bool>{.name = "wsgi_access_log",
                .default_value = defaults.wsgi_access_log,
                .help = "Whether each request is logged, at level info.",
                .change = at_run_time},
      // A single dollar sign in a default would begin a substitution; there is none in this one.
      Opt<std::string>{.name = "wsgi_log_format",
                       .default_value = defaults.wsgi_log_format,
                       .help = "Line of the access log, of text and of the keys in docs/http.md.",
                       .change = at_run_time},
  };
}

Opt<milliseconds> time_limit(const char* name, milliseconds limit, const char* help) {
  return {.name = name, .default_value = limit, .help = help, .change = at_run_time};
}

std::vector<AnyOpt> time_options(const ServerOptions& defaults) {
  return {
      time_limit("client_header_timeout", defaults.client_header_timeout,
                 "Time for a client to send a request head; 0 means no limit."),
      time_limit("client_socket_timeout", defaults.client_socket_timeout,
                 "Time for each single wait within a body or an answer; 0 means no limit."),
      time_limit("keep_alive_timeout", defaults.keep_alive_timeout,
                 "Time that a connection may be idle between requests; 0 means no limit."),
      time_limit(
          "close_linger", defaults.close_linger,
          "Time for a client to close the connection after the last answer, or to send more."),
      time_limit("graceful_linger", defaults.graceful_linger,
                 "Time that idle connections get for one more request when the server stops."),
      time_limit("reload_linger", defaults.reload_linger,
                 "The same when the worker is replaced; at most half of "
                 "graceful_shutdown_timeout."),
      time_limit("drain_delay", defaults.drain_delay,
                 "Time that the server goes on as before when it is told to stop, while "
                 "Request::draining() tells that it will."),
  };
}

Opt<std::int64_t> size_limit(const char* name, std::int64_t limit, const char* help) {
  return {.name = name, .default_value = limit, .help = help, .min = 1, .change = at_run_time};
}

std::vector<AnyOpt> size_options(const ServerOptions& defaults) {
  return {
      size_limit("max_url_len", defaults.max_url_len, "Octets of a request target; beyond: 414."),
      size_limit("max_header_line", defaults.max_header_line,
                 "Octets of one header field; beyond: 431."),
      size_limit("max_header_size", defaults.max_header_size,
                 "Octets of a whole request head; beyond: 431."),
      Opt<int>{.name = "max_headers",
               .default_value = defaults.max_headers,
               .help = "Header fields of a request; beyond: 431.",
               .min = 1,
               .max = static_cast<int>(internal::max_fields),
               .change = at_run_time},
      Opt<std::int64_t>{
          .name = "max_unread_body",
          .default_value = defaults.max_unread_body,
          .help = "Octets of a body that no one read, before the connection is closed.",
          .min = 0,
          .change = at_run_time},
      Opt<std::int64_t>{.name = "min_client_rate",
                        .default_value = defaults.min_client_rate,
                        .help = "Octets a second of a body or an answer that a client has to move "
                                "once it kept us waiting for client_socket_timeout; 0: no limit.",
                        .min = 0,
                        .change = at_run_time},
  };
}

void append(OptGroup& group, const std::vector<AnyOpt>& more) {
  group.options.insert(group.options.end(), more.begin(), more.end());
}

void append_all_else(OptGroup& group, const ServerOptions& defaults, const char* old_pool_size) {
  for (auto&& more : {tls_options(defaults), behaviour_options(defaults, old_pool_size),
                      time_options(defaults), size_options(defaults)}) {
    append(group, more);
  }
}

// Reads one option of a group into the field that it is for.
auto reader(const Snapshot& snapshot, const std::string& group) {
  return [&snapshot, group](const char* option, auto& value) {
    value = snapshot.get<std::decay_t<decltype(value)>>(group + "." + option);
  };
}

}  // namespace

OptGroup options(const std::string& name) {
  const ServerOptions defaults;
  OptGroup group{name, address_options(defaults)};
  append(group, socket_options(defaults));
  append(group, {use_ssl_option(defaults)});
  append_all_else(group, defaults, "max_clients");
  return group;
}

OptGroup internal::shared_options(const std::string& name) {
  const ServerOptions defaults;
  OptGroup group{name, socket_options(defaults)};
  append_all_else(group, defaults, "default_pool_size");
  return group;
}

ServerOptions options_from(const Snapshot& snapshot, const std::string& name) {
  ServerOptions options = internal::shared_options_from(snapshot, name);
  const auto take = reader(snapshot, name);
  take("host", options.host);
  take("port", options.port);
  take("unix_socket", options.unix_socket);
  take("unix_socket_mode", options.unix_socket_mode);
  take("listen_fd", options.listen_fd);
  take("use_ssl", options.use_ssl);
  return options;
}

ServerOptions internal::shared_options_from(const Snapshot& snapshot, const std::string& name) {
  ServerOptions options;
  const auto take = reader(snapshot, name);
  take("backlog", options.backlog);
  take("tcp_keepidle", options.tcp_keepidle);
  take("bind_timeout", options.bind_timeout);
  take("cert_file", options.cert_file);
  take("key_file", options.key_file);
  take("ca_file", options.ca_file);
  take("client_cert", options.client_cert);
  take("version", options.version);
  take("ciphers", options.ciphers);
  take("sni", options.sni);
  take("wsgi_default_pool_size", options.wsgi_default_pool_size);
  take("wsgi_keep_alive", options.wsgi_keep_alive);
  take("wsgi_server_debug", options.wsgi_server_debug);
  take("wsgi_access_log", options.wsgi_access_log);
  take("wsgi_log_format", options.wsgi_log_format);
  take("client_header_timeout", options.client_header_timeout);
  take("client_socket_timeout", options.client_socket_timeout);
  take("keep_alive_timeout", options.keep_alive_timeout);
  take("close_linger", options.close_linger);
  take("graceful_linger", options.graceful_linger);
  take("reload_linger", options.reload_linger);
  take("drain_delay", options.drain_delay);
  take("min_client_rate", options.min_client_rate);
  take("max_url_len", options.max_url_len);
  take("max_header_line", options.max_header_line);
  take("max_header_size", options.max_header_size);
  take("max_headers", options.max_headers);
  take("max_unread_body", options.max_unread_body);
  return options;
}

}  // namespace thane::wsgi
