#include "address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <system_error>
#include <thane/offload.hpp>

namespace thane::internal {

namespace {

// The errors of getaddrinfo() have numbers and texts of their own.
class ResolveCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "getaddrinfo"; }
  [[nodiscard]] std::string message(int error) const override { return ::gai_strerror(error); }
};

const ResolveCategory resolve_category;

std::string_view without_brackets(std::string_view host) {
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    return host.substr(1, host.size() - 2);
  }
  return host;
}

SocketAddress ask(int fd, int (*call)(int, sockaddr*, socklen_t*)) noexcept {
  SocketAddress address;
  address.size = sizeof(address.storage);
  if (call(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size) != 0) {
    return {};
  }
  return address;
}

// Returns 0 or what getaddrinfo() does, with what was found added to `addresses`.
int ask_for(const std::string& node, std::uint16_t port, int flags,
            std::vector<SocketAddress>& addresses) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(node.empty() ? nullptr : node.c_str(),
                                  fmt::format_int(port).c_str(), &hints, &found);
  if (error != 0) {
    return error;
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list{found, &::freeaddrinfo};
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    SocketAddress& address = addresses.emplace_back();
    address.size = entry->ai_addrlen;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
  }
  return 0;
}

}  // namespace

std::vector<SocketAddress> resolve(std::string_view host, std::uint16_t port, Use use) {
  const std::string node{without_brackets(host)};
  std::vector<SocketAddress> addresses;
  const int error = ask_for(node, port, use == Use::listen ? AI_PASSIVE : 0, addresses);
  if (error != 0) {
    const std::string text = fmt::format("cannot resolve the host name \"{}\"", node);
    if (error == EAI_SYSTEM) {
      throw std::system_error(errno, std::generic_category(), text);
    }
    throw std::system_error(error, resolve_category, text);
  }
  return addresses;
}

std::vector<SocketAddress> connect_addresses(std::string_view host, std::uint16_t port) {
  std::vector<SocketAddress> addresses;
  if (ask_for(std::string{without_brackets(host)}, port, AI_NUMERICHOST, addresses) == 0) {
    return addresses;
  }
  return offload([&] { return resolve(host, port, Use::connect); });
}

SocketAddress unix_address(const std::string& path) {
  sockaddr_un un{};
  if (path.empty() || path.size() >= sizeof(un.sun_path)) {
    throw std::system_error(ENAMETOOLONG, std::generic_category(),
                            fmt::format("the path of a Unix socket has 1 to {} bytes, not {}: {}",
                                        sizeof(un.sun_path) - 1, path.size(), path));
  }
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, path.data(), path.size());
  SocketAddress address;
  std::memcpy(&address.storage, &un, sizeof(un));
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

std::string host_text(const SocketAddress& address) {
  if (address.family() == AF_UNIX) {
    const auto& un = reinterpret_cast<const sockaddr_un&>(address.storage);
    constexpr auto before_path = offsetof(sockaddr_un, sun_path);
    const std::size_t room = address.size > before_path ? address.size - before_path : 0;
    return {un.sun_path, ::strnlen(un.sun_path, room)};
  }
  std::array<char, NI_MAXHOST> text{};
  if (::getnameinfo(address.get(), address.size, text.data(), text.size(), nullptr, 0,
                    NI_NUMERICHOST) != 0) {
    return "unknown";
  }
  return text.data();
}

std::string ip_text(const SocketAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* octets = nullptr;
  int family = address.family();
  if (family == AF_INET) {
    octets = &reinterpret_cast<const sockaddr_in&>(address.storage).sin_addr;
  } else if (family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_addr;
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6);
    octets = mapped ? &v6.s6_addr[12] : &v6.s6_addr[0];
    family = mapped ? AF_INET : AF_INET6;
  }
  if (octets == nullptr) {
    return {};
  }
  ::inet_ntop(family, octets, text.data(), text.size());
  return text.data();
}

std::string address_text(std::string_view host, std::uint16_t port) {
  const std::string_view bare = without_brackets(host);
  return bare.find(':') == std::string_view::npos ? fmt::format("{}:{}", bare, port)
                                                  : fmt::format("[{}]:{}", bare, port);
}

std::string address_text(const SocketAddress& address) {
  if (address.family() == AF_UNIX) {
    return "unix:" + host_text(address);
  }
  return address_text(host_text(address), port_of(address));
}

std::uint16_t port_of(const SocketAddress& address) noexcept {
  switch (address.family()) {
    case AF_INET:
      return ntohs(reinterpret_cast<const sockaddr_in&>(address.storage).sin_port);
    case AF_INET6:
      return ntohs(reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_port);
    default:
      return 0;
  }
}

SocketAddress local_address(int fd) noexcept {
  return ask(fd, &::getsockname);
}

SocketAddress peer_address(int fd) noexcept {
  return ask(fd, &::getpeername);
}

}  // namespace thane::internal
