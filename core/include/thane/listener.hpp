// A listening socket, TCP or Unix: made in the parent, used by every worker.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thane/unique_fd.hpp>

namespace thane {

/// Whether a socket on an IPv6 address takes IPv4 connections as well.
enum class Ipv6 {
  system_default,  ///< As net.ipv6.bindv6only says; usually both.
  only,
  and_ipv4,
};

/// Owns a socket that listens from the moment it is made. It is a plain descriptor, close-on-exec
/// and non-blocking, without an event loop: a service makes it in its constructor, that is in the
/// parent, and its copies in all workers share one queue of connections. A worker that dies loses
/// none of those that wait there.
///
///     thane::Listener listener = thane::Listener::tcp("127.0.0.1", 8080, {.backlog = 512});
///     ...                                      // fork()
///     thane::Acceptor acceptor{listener};      // On a fiber of the worker.
///     thane::Stream stream = acceptor.accept();
///
/// Movable: a service may keep several in a vector.
class Listener {
 public:
  struct TcpOptions {
    int backlog = 128;  ///< Connections that may wait; the kernel caps it at somaxconn.
    Ipv6 ipv6 = Ipv6::system_default;
    bool reuse_address = true;  ///< Bind although connections of a predecessor linger.
    bool reuse_port = false;    ///< Let others bind the same port; the kernel spreads the load.
    bool keepalive = true;      ///< Probe idle peers; accepted sockets inherit it.
    std::chrono::seconds tcp_keepidle{600};  ///< Idle time before the first probe.
    bool no_delay = true;                    ///< No Nagle algorithm; accepted sockets inherit it.
    /// How long to wait for an address that another socket has, with one line of the log when the
    /// wait begins. It blocks the thread; SIGTERM, SIGINT and SIGQUIT end it. 0: not at all.
    std::chrono::milliseconds bind_timeout{0};
  };

  struct UnixOptions {
    int backlog = 128;
    std::optional<mode_t> mode{};  ///< Of the socket file, whatever the umask; none: by the umask.
    std::chrono::milliseconds bind_timeout{0};  ///< As above.
  };

  /// Binds and listens. `host` is an IPv4 or IPv6 address, with or without brackets, or a name, of
  /// which the first address that can be bound is taken; empty means all addresses. Port 0 lets
  /// the kernel choose: see port().
  ///
  /// Throws std::system_error, whose text names the address and the reason;
  /// std::invalid_argument if backlog < 1.
  static Listener tcp(std::string_view host, std::uint16_t port, const TcpOptions& options);
  static Listener tcp(std::string_view host, std::uint16_t port);

  /// The same on a socket file. One that nobody listens on any more is replaced; one that somebody
  /// listens on, or a file of another kind, is an error and left alone. The file is removed when
  /// the Listener goes, but only by the process that made it and only if it is still the same.
  static Listener unix_socket(const std::string& path, const UnixOptions& options);
  static Listener unix_socket(const std::string& path);

  /// A socket that a service manager has opened for this program (systemd's .socket units, of which
  /// LISTEN_FDS tells), by its name there. Several of one name are taken one after the other, each
  /// once. Its options and its file are the manager's business; but it does not block, and has no
  /// Nagle algorithm. Throws std::runtime_error with the names that there are if this one is not
  /// among them, or if it is no socket that listens for streams.
  static Listener inherited(const std::string& name);

  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&& other) noexcept;
  ~Listener();

  /// For people: "127.0.0.1:8080", "[::1]:8080" or "unix:/run/web.sock", with the real port.
  [[nodiscard]] const std::string& address() const noexcept { return address_; }
  /// The host part of it alone, or the path of the socket file.
  [[nodiscard]] const std::string& host() const noexcept { return host_; }
  /// The port that was bound; 0 for a Unix socket.
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  /// False for a socket that somebody outside of this program has as well, and listens on after it.
  [[nodiscard]] bool ours() const noexcept { return ours_; }

  /// Stops listening in this process. Connections still go to other processes that have a copy;
  /// without any, the kernel refuses them, and resets those that wait.
  void close() noexcept;

 private:
  Listener() = default;
  void show_address();
  void remove_file() noexcept;

  UniqueFd fd_;
  std::string address_;
  std::string host_;
  std::uint16_t port_ = 0;
  bool ours_ = true;
  std::string file_;  // The socket file, by an absolute path.
  pid_t owner_ = 0;   // Who removes it; 0: there is none.
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace thane
