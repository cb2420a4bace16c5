#include "notify_socket.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <thane/check.hpp>

#include "eventually.hpp"

namespace thane::testing {
namespace {

std::optional<Notification> receive_within(int fd, std::chrono::milliseconds limit) {
  pollfd waiting{fd, POLLIN, 0};
  if (check_retry([&] { return ::poll(&waiting, 1, static_cast<int>(limit.count())); }, "poll") ==
      0) {
    return std::nullopt;
  }
  std::array<char, 4096> text{};
  iovec data{text.data(), text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const auto size = check_retry([&] { return ::recvmsg(fd, &message, 0); }, "recvmsg");

  Notification notification{std::string(text.data(), static_cast<std::size_t>(size)), 0};
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_CREDENTIALS) {
      ucred credentials{};
      std::memcpy(&credentials, CMSG_DATA(header), sizeof credentials);
      notification.sender = credentials.pid;
    }
  }
  return notification;
}

}  // namespace

NotifySocket::NotifySocket(std::string address)
    : address_(std::move(address)),
      fd_(check(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket")) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (address_.empty() || address_.size() >= sizeof name.sun_path) {
    throw std::invalid_argument("not an address of a Unix socket: \"" + address_ + "\"");
  }
  std::memcpy(name.sun_path, address_.data(), address_.size());
  const bool abstract = address_.front() == '@';
  if (abstract) {
    name.sun_path[0] = '\0';
  }
  const auto size = offsetof(sockaddr_un, sun_path) + address_.size() + (abstract ? 0 : 1);
  check(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&name), static_cast<socklen_t>(size)),
        "bind");
  const int on = 1;
  check(::setsockopt(fd_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on), "setsockopt");
}

Notification NotifySocket::receive() {
  auto notification = receive_within(fd_.get(), patience());
  if (!notification) {
    FAIL("nothing came to the notify socket in time");
  }
  return std::move(*notification);
}

Notification NotifySocket::expect(std::string_view wanted) {
  for (;;) {
    Notification notification = receive();
    const std::string lines = "\n" + notification.text + "\n";
    if (lines.find("\n" + std::string{wanted} + "\n") != std::string::npos) {
      return notification;
    }
  }
}

std::optional<Notification> NotifySocket::poll() {
  return receive_within(fd_.get(), std::chrono::milliseconds{0});
}

}  // namespace thane::testing
