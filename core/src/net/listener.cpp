#include <thane/listener.hpp>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <thane/check.hpp>
#include <utility>

#include "address.hpp"

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
    text += ", another socket has it";
  } else if (error == EACCES) {
    text += ", it takes privileges this process does not have";
  } else if (error == EADDRNOTAVAIL) {
    text += ", this machine has no such address";
  }
  throw std::system_error(error, std::generic_category(), text);
}

void set_option(int fd, int level, int name, int value) {
  check(::setsockopt(fd, level, name, &value, sizeof(value)), "setsockopt");
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

}  // namespace

Listener Listener::tcp(std::string_view host, std::uint16_t port) {
  return tcp(host, port, {});
}

Listener Listener::tcp(std::string_view host, std::uint16_t port, const TcpOptions& options) {
  check_backlog(options.backlog);
  Listener made;
  std::exception_ptr first_error;
  for (const SocketAddress& address : internal::resolve(host, port, internal::Use::listen)) {
    try {
      made.fd_ = bind_tcp(address, options);
    } catch (const std::system_error&) {
      if (!first_error) {
        first_error = std::current_exception();
      }
      continue;
    }
    const SocketAddress bound = internal::local_address(made.fd());
    made.address_ = internal::address_text(bound);
    made.host_ = internal::host_text(bound);
    made.port_ = internal::port_of(bound);
    return made;
  }
  std::rethrow_exception(first_error);
}

Listener Listener::unix_socket(const std::string& path) {
  return unix_socket(path, {});
}

Listener Listener::unix_socket(const std::string& path, const UnixOptions& options) {
  check_backlog(options.backlog);
  const SocketAddress address = internal::unix_address(path);
  remove_stale_socket(path, address);

  Listener made;
  made.address_ = "unix:" + path;
  made.host_ = path;
  made.fd_ = UniqueFd{check(::socket(AF_UNIX, socket_type, 0), "socket")};
  if (options.mode) {
    // Linux makes the file with the mode of the socket, less the umask: so it is never more open
    // than wanted, not even until the chmod() below.
    check(::fchmod(made.fd(), *options.mode), "fchmod");
  }
  if (::bind(made.fd(), address.get(), address.size) != 0) {
    throw_bind_error(errno, made.address_);
  }
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

Listener::Listener(Listener&& other) noexcept
    : fd_(std::move(other.fd_)),
      address_(std::move(other.address_)),
      host_(std::move(other.host_)),
      port_(other.port_),
      ours_(other.ours_),
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

void Listener::close() noexcept {
  remove_file();
  fd_.reset();
}

void Listener::remove_file() noexcept {
  if (std::exchange(owner_, 0) != ::getpid()) {
    return;
  }
  struct stat status {};
  if (::lstat(host_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_) {
    static_cast<void>(::unlink(host_.c_str()));
  }
}

}  // namespace thane
