#include <thane/stream.hpp>

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <thane/check.hpp>
#include <thane/fiber.hpp>
#include <vector>

#include "address.hpp"
#include "stream_impl.hpp"

namespace thane {

using internal::SocketAddress;
using internal::WatchedFd;

namespace {

// EAGAIN of a Unix socket means that the queue of the listener is full, and nothing tells when it
// is not: so it is asked for, less and less often.
void connect_when_there_is_room(const WatchedFd& socket, const SocketAddress& address) {
  using namespace std::chrono_literals;
  Duration pause = 1ms;
  while (::connect(socket.fd(), address.get(), address.size) != 0) {
    if (errno != EAGAIN) {
      internal::throw_errno(errno, "connect");
    }
    this_fiber::sleep_for(pause);
    pause = pause < 50ms ? pause * 2 : pause;
  }
}

void connect(WatchedFd& socket, const SocketAddress& address) {
  if (address.family() == AF_UNIX) {
    connect_when_there_is_room(socket, address);
    return;
  }
  if (::connect(socket.fd(), address.get(), address.size) == 0) {
    return;
  }
  if (errno != EINPROGRESS && errno != EINTR) {
    internal::throw_errno(errno, "connect");
  }
  if (socket.wait(WatchedFd::writable) == WatchedFd::Outcome::cancelled) {
    internal::throw_errno(ECANCELED, "connect");
  }
  int error = 0;
  socklen_t size = sizeof(error);
  check(::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size), "getsockopt");
  if (error != 0) {
    internal::throw_errno(error, "connect");
  }
}

UniqueFd connect_to(const SocketAddress& address) {
  try {
    internal::check_interrupt();
    WatchedFd socket{UniqueFd{check(
        ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket")}};
    connect(socket, address);
    return socket.release();
  } catch (const std::system_error& error) {
    throw std::system_error(error.code(), "cannot connect to " + internal::address_text(address));
  }
}

}  // namespace

Stream Stream::connect_tcp(std::string_view host, std::uint16_t port) {
  const auto addresses = internal::connect_addresses(host, port);
  for (std::size_t i = 0;; ++i) {
    try {
      return Stream{connect_to(addresses[i])};
    } catch (const std::system_error&) {
      if (i + 1 == addresses.size()) {
        throw;
      }
    }
  }
}

Stream Stream::connect_unix(const std::string& path) {
  return Stream{connect_to(internal::unix_address(path))};
}

Stream::Stream(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

Stream::Stream(UniqueFd connected) : Stream(std::make_unique<Impl>(std::move(connected))) {
  const int flags = check(::fcntl(fd(), F_GETFL), "fcntl");
  if ((flags & O_NONBLOCK) == 0) {
    check(::fcntl(fd(), F_SETFL, flags | O_NONBLOCK), "fcntl");
  }
}

Stream::Stream(Stream&& other) noexcept = default;
Stream& Stream::operator=(Stream&& other) noexcept = default;
Stream::~Stream() = default;

std::size_t Stream::read_some(std::span<char> buffer) {
  const auto result = impl_->attempt(
      WatchedFd::readable, [&](int fd) { return ::recv(fd, buffer.data(), buffer.size(), 0); });
  const auto count = static_cast<std::size_t>(check(result, "recv"));
  if (count < buffer.size()) {
    impl_->has_no_more(WatchedFd::readable);
  }
  return count;
}

void Stream::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = impl_->attempt(WatchedFd::writable, [&](int fd) {
      return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    });
    bytes.remove_prefix(static_cast<std::size_t>(check(count, "send")));
  }
}

void Stream::shutdown_write() {
  if (::shutdown(fd(), SHUT_WR) != 0 && errno != ENOTCONN) {  // The peer may be gone already.
    internal::throw_errno(errno, "shutdown");
  }
}

void Stream::close() noexcept {
  if (impl_) {
    impl_->close();
  }
}

UniqueFd Stream::release() noexcept {
  return impl_->release();
}

bool Stream::is_open() const noexcept {
  return fd() >= 0;
}

int Stream::fd() const noexcept {
  return impl_ ? impl_->fd() : -1;
}

std::string Stream::peer() const {
  return internal::address_text(internal::peer_address(fd()));
}

std::string Stream::peer_ip() const {
  const bool known = impl_ && impl_->accepted_from.size != 0;
  return internal::ip_text(known ? impl_->accepted_from : internal::peer_address(fd()));
}

}  // namespace thane
