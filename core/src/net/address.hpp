// Socket addresses: found by name, and shown to people.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thane::internal {

/// Any socket address, with its length; a value.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] const sockaddr* get() const noexcept {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
  [[nodiscard]] int family() const noexcept { return storage.ss_family; }
};

/// What the addresses are for.
enum class Use { listen, connect };

/// The addresses of a host, in the order in which to try them. Never empty. An empty `host` means
/// all addresses of this machine to listen on, or the loopback to connect to.
/// Throws std::system_error if there are none. May ask DNS, and block while it does: not to be
/// called on a fiber; connect_addresses() is.
std::vector<SocketAddress> resolve(std::string_view host, std::uint16_t port, Use use);

/// The same to connect to, for fibers: a host name is looked up on a thread, and blocks the calling
/// fiber alone. An address is read where it stands: that asks nobody.
std::vector<SocketAddress> connect_addresses(std::string_view host, std::uint16_t port);

/// Throws std::system_error (ENAMETOOLONG) if the path does not fit.
SocketAddress unix_address(const std::string& path);

/// The address alone: "127.0.0.1", "::1", "/run/web.sock"; empty for an unnamed Unix socket.
std::string host_text(const SocketAddress& address);
/// That of an IPv4 or IPv6 peer; IPv4 in its own form also where it is written as IPv6. Else empty.
std::string ip_text(const SocketAddress& address);
/// With port, brackets and prefix: "127.0.0.1:80", "[::1]:80", "unix:/run/web.sock".
std::string address_text(const SocketAddress& address);
std::string address_text(std::string_view host, std::uint16_t port);
/// 0 for a Unix socket.
std::uint16_t port_of(const SocketAddress& address) noexcept;

/// What getsockname() or getpeername() say; an empty address if they fail.
SocketAddress local_address(int fd) noexcept;
SocketAddress peer_address(int fd) noexcept;

}  // namespace thane::internal
