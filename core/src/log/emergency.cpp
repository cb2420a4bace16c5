#include "emergency.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <thane/internal/emergency_line.hpp>

#include "fixed_buffer.hpp"
#include "record.hpp"
#include "request_scope.hpp"
#include "without_sigpipe.hpp"

namespace thane::log::internal {

namespace {

// A handler may interrupt whoever sets a target: it sees the old one or the new one, never a half.
std::array<EmergencyTarget, 2> targets;
std::atomic<const EmergencyTarget*> current{targets.data()};
static_assert(std::atomic<const EmergencyTarget*>::is_always_lock_free);

std::atomic<bool> stuck{false};  // The reader took nothing in time, and has not since.

bool wait_writable(int fd) noexcept {
  constexpr int patience_ms = 100;
  pollfd wanted{.fd = fd, .events = POLLOUT, .revents = 0};
  int ready = 0;
  do {
    ready = ::poll(&wanted, 1, stuck.load(std::memory_order_relaxed) ? 0 : patience_ms);
  } while (ready < 0 && errno == EINTR);
  stuck.store(ready == 0, std::memory_order_relaxed);
  return ready > 0;
}

// A pipe that polls writable has room for PIPE_BUF bytes, even if others write to it now and then.
void write_line(int fd, std::string_view line) noexcept {
  WithoutSigpipe without_sigpipe;
  for (int tries = 0; tries < 10 && wait_writable(fd); ++tries) {
    ssize_t written = ::send(fd, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (written < 0 && errno == ENOTSOCK) {
      written = ::write(fd, line.data(), line.size());
    }
    if (written < 0 && errno == EPIPE) {
      without_sigpipe.raised();
    }
    if (written >= 0 || (errno != EAGAIN && errno != EINTR)) {
      return;
    }
  }
}

}  // namespace

void EmergencyTarget::set_service(std::string_view name) noexcept {
  service_size = std::min(name.size(), service.size());
  std::copy_n(name.data(), service_size, service.data());
}

void set_emergency_target(const EmergencyTarget& target) noexcept {
  EmergencyTarget& unused = targets[current.load() == targets.data() ? 1 : 0];
  unused = target;
  current.store(&unused);
}

void emergency_line(Level level, std::string_view text) noexcept {
  if (!enabled(level)) {
    return;
  }
  const int errno_before = errno;
  const EmergencyTarget& target = *current.load();
  Record record{.level = level,
                .pid = ::getpid(),
                .service = {target.service.data(), target.service_size},
                .worker = target.worker,
                .generation = target.generation,
                .fiber = current_fiber_id()};
  ::clock_gettime(CLOCK_REALTIME, &record.time);
  EmergencyBuffer line;
  for (std::size_t size = text.size();; size /= 2) {  // An escape makes a byte up to six.
    record.message = text.substr(0, size);
    line.clear();
    if (target.format == Format::json) {
      append_json(line, record);
    } else {
      append_text(line, record);
    }
    if (!line.overflowed() || size == 0) {
      break;
    }
  }
  write_line(target.fd, {line.data(), line.size()});
  errno = errno_before;
}

}  // namespace thane::log::internal
