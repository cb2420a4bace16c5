#include "notify.hpp"

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <thane/internal/inherited_sockets.hpp>
#include <thane/log.hpp>
#include <thane/unique_fd.hpp>

namespace thane::internal {

namespace {

// Zero if there is no watchdog, or if it waits for another process.
Duration watchdog_limit() {
  const char* pid = ::getenv("WATCHDOG_PID");
  const char* limit = ::getenv("WATCHDOG_USEC");
  if (limit == nullptr || (pid != nullptr && std::atoll(pid) != ::getpid())) {
    return {};
  }
  return std::chrono::microseconds{std::max(0LL, std::atoll(limit))};
}

}  // namespace

Notifier::Notifier() : watchdog_interval_(watchdog_limit() / 2) {
  if (const char* path = ::getenv("NOTIFY_SOCKET")) {
    socket_ = path;
  }
  note_inherited_sockets();
  for (const char* name : {"NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDS",
                           "LISTEN_FDNAMES", "WATCHDOG_PID", "WATCHDOG_USEC"}) {
    ::unsetenv(name);
  }
}

std::string reloading(TimePoint now) {
  const auto since_boot =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
  return fmt::format("RELOADING=1\nMONOTONIC_USEC={}", since_boot.count());
}

std::string patience() {
  constexpr std::chrono::microseconds asked = 3 * patience_interval;
  return fmt::format("EXTEND_TIMEOUT_USEC={}", asked.count());
}

void Notifier::tell_of_ready(std::unique_ptr<Foreground> foreground) noexcept {
  foreground_ = std::move(foreground);
}

void Notifier::send(const std::string& state) const noexcept {
  if (foreground_ && state.starts_with("READY=1")) {
    std::exchange(foreground_, nullptr)->tell_ready();
  }
  sockaddr_un address{};
  if (socket_.empty()) {
    return;
  }
  if (socket_.size() >= sizeof address.sun_path) {
    log::warning("NOTIFY_SOCKET is too long for a socket address: {}", socket_);
    return;
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (address.sun_path[0] == '@') {
    address.sun_path[0] = '\0';
  }
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const UniqueFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  // Never blocks: a manager that does not read must not stop its services.
  if (!fd || ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                      reinterpret_cast<const sockaddr*>(&address), size) < 0) {
    log::debug("notification {} to {} failed: {}", state, socket_, std::strerror(errno));
  }
}

}  // namespace thane::internal
