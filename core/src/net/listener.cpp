#include <thane/listener.hpp>

#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <thane/check.hpp>
#include <thane/internal/inherited_sockets.hpp>
#include <thane/internal/succession.hpp>
#include <utility>
#include <vector>

#include "address.hpp"
#include "address_wait.hpp"

namespace thane {

using internal::SocketAddress;

namespace {

constexpr int socket_type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;

void check_backlog(int backlog) {
  if (backlog < 1) {
    throw std::invalid_argument(
        fmt::format("the backlog of a listener is at least 1, not {}", backlog));
  }
}

[[noreturn]] void throw_bind_error(int error, const std::string& address) {
  std::string text = "cannot bind " + address;
  if (error == EADDRINUSE) {
    throw internal::address_taken_error{address};
  }
  if (error == EACCES) {
    text += ", it takes privileges this process does not have";
  } else if (error == EADDRNOTAVAIL) {
    text += ", this machine has no such address";
  }
  throw std::system_error(error, std::generic_category(), text);
}

void set_option(int fd, int level, int name, int value) {
  check(::setsockopt(fd, level, name, &value, sizeof(value)), "setsockopt");
}

// Of the socket level; -1: there is none.
int get_option(int fd, int name) noexcept {
  int value = -1;
  socklen_t size = sizeof(value);
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

UniqueFd bind_tcp(const SocketAddress& address, const Listener::TcpOptions& options) {
  UniqueFd fd{check(::socket(address.family(), socket_type, 0), "socket")};
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, options.reuse_address ? 1 : 0);
  set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, options.reuse_port ? 1 : 0);
  set_option(fd.get(), SOL_SOCKET, SO_KEEPALIVE, options.keepalive ? 1 : 0);
  set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, options.no_delay ? 1 : 0);
  if (options.keepalive) {
    set_option(fd.get(), IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(options.tcp_keepidle.count()));
  }
  if (address.family() == AF_INET6 && options.ipv6 != Ipv6::system_default) {
    set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6 == Ipv6::only ? 1 : 0);
  }
  if (::bind(fd.get(), address.get(), address.size) != 0 ||
      ::listen(fd.get(), options.backlog) != 0) {
    throw_bind_error(errno, internal::address_text(address));
  }
  return fd;
}

UniqueFd bind_first(const std::vector<SocketAddress>& addresses,
                    const Listener::TcpOptions& options) {
  std::exception_ptr taken;  // That may change; the other reasons will not.
  std::exception_ptr other;
  for (const SocketAddress& address : addresses) {
    try {
      return bind_tcp(address, options);
    } catch (const internal::address_taken_error&) {
      if (!taken) taken = std::current_exception();
    } catch (const std::system_error&) {
      if (!other) other = std::current_exception();
    }
  }
  std::rethrow_exception(taken ? taken : other);
}

// Makes way for a new socket file if the old one is left over from a process that died.
void remove_stale_socket(const std::string& path, const SocketAddress& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    return;  // bind() will tell if something other than its absence is the matter.
  }
  if (!S_ISSOCK(status.st_mode)) {
    throw std::system_error(EEXIST, std::generic_category(),
                            "cannot bind unix:" + path + ", a file that is no socket is there");
  }
  const UniqueFd probe{check(::socket(AF_UNIX, socket_type, 0), "socket")};
  if (::connect(probe.get(), address.get(), address.size) == 0 || errno != ECONNREFUSED) {
    throw_bind_error(EADDRINUSE, "unix:" + path);
  }
  static_cast<void>(::unlink(path.c_str()));
}

UniqueFd bind_unix(const std::string& path, std::optional<mode_t> mode) {
  const SocketAddress address = internal::unix_address(path);
  remove_stale_socket(path, address);
  UniqueFd fd{check(::socket(AF_UNIX, socket_type, 0), "socket")};
  if (mode) {
    // Linux makes the file with the mode of the socket, less the umask: so it is never more open
    // than wanted, not even until the chmod() that follows.
    check(::fchmod(fd.get(), *mode), "fchmod");
  }
  if (::bind(fd.get(), address.get(), address.size) != 0) {
    throw_bind_error(errno, "unix:" + path);
  }
  return fd;
}

}  // namespace

Listener Listener::tcp(std::string_view host, std::uint16_t port) {
  return tcp(host, port, {});
}

Listener Listener::tcp(std::string_view host, std::uint16_t port, const TcpOptions& options) {
  check_backlog(options.backlog);
  const auto addresses = internal::resolve(host, port, internal::Use::listen);
  Listener made;
  made.fd_ = internal::bind_patiently(options.bind_timeout,
                                      [&] { return bind_first(addresses, options); });
  made.show_address();
  return made;
}

Listener Listener::unix_socket(const std::string& path) {
  return unix_socket(path, {});
}

Listener Listener::unix_socket(const std::string& path, const UnixOptions& options) {
  check_backlog(options.backlog);
  Listener made;
  made.address_ = "unix:" + path;
  made.host_ = path;
  made.fd_ =
      internal::bind_patiently(options.bind_timeout, [&] { return bind_unix(path, options.mode); });
  made.file_ = std::filesystem::absolute(path);  // The directory may change.
  struct stat status {};
  check(::lstat(path.c_str(), &status), "lstat");
  made.device_ = status.st_dev;
  made.inode_ = status.st_ino;
  made.owner_ = ::getpid();  // From here on the destructor removes the file.
  if (options.mode) {
    check(::chmod(path.c_str(), *options.mode), "chmod");
  }
  check(::listen(made.fd(), options.backlog), "listen");
  return made;
}

Listener Listener::inherited(const std::string& name) {
  Listener made;
  made.ours_ = false;  // The service manager's, which listens on after us.
  made.fd_ = internal::take_inherited_socket(name);
  if (get_option(made.fd(), SO_TYPE) != SOCK_STREAM || get_option(made.fd(), SO_ACCEPTCONN) != 1) {
    throw std::runtime_error(fmt::format(
        "the inherited socket \"{}\" does not listen for connections; with systemd it takes "
        "ListenStream= and Accept=no",
        name));
  }
  const int flags = check(::fcntl(made.fd(), F_GETFL), "fcntl(F_GETFL)");
  check(::fcntl(made.fd(), F_SETFL, flags | O_NONBLOCK), "fcntl(F_SETFL)");
  made.show_address();
  if (made.port_ != 0) set_option(made.fd(), IPPROTO_TCP, TCP_NODELAY, 1);
  return made;
}

Listener::Listener(Listener&& other) noexcept
    : fd_(std::move(other.fd_)),
      address_(std::move(other.address_)),
      host_(std::move(other.host_)),
      port_(other.port_),
      ours_(other.ours_),
      file_(std::move(other.file_)),
      owner_(std::exchange(other.owner_, 0)),
      device_(other.device_),
      inode_(other.inode_) {}

Listener& Listener::operator=(Listener&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::move(other.fd_);
    address_ = std::move(other.address_);
    host_ = std::move(other.host_);
    port_ = other.port_;
    file_ = std::move(other.file_);
    ours_ = other.ours_;
    owner_ = std::exchange(other.owner_, 0);
    device_ = other.device_;
    inode_ = other.inode_;
  }
  return *this;
}

Listener::~Listener() {
  close();
}

void Listener::show_address() {
  const SocketAddress bound = internal::local_address(fd());
  address_ = internal::address_text(bound);
  host_ = internal::host_text(bound);
  port_ = internal::port_of(bound);
}

void Listener::close() noexcept {
  remove_file();
  fd_.reset();
}

void Listener::remove_file() noexcept {
  if (!internal::is_ours(std::exchange(owner_, 0))) {
    return;
  }
  struct stat status {};
  if (::lstat(file_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_) {
    static_cast<void>(::unlink(file_.c_str()));
  }
}

}  // namespace thane
