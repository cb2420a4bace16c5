#include "socket_poll.hpp"

#include <sys/epoll.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <limits>
#include <thane/check.hpp>

#include "fiber/sanitizers.hpp"

namespace thane::internal {

namespace {

using std::chrono::milliseconds;

// ThreadSanitizer holds signals back unless it knows that a call blocks, and this one it does not
// know.
#if defined(THANE_TSAN)
bool has_pwait2 = false;
#else
bool has_pwait2 = true;  // Linux 5.11; some sandboxes do without.
#endif

int wait_in_milliseconds(int epoll, epoll_event* events, std::optional<Duration> limit) {
  int timeout = -1;
  if (limit) {
    const auto whole = std::chrono::ceil<milliseconds>(*limit).count();
    timeout = static_cast<int>(std::min<std::int64_t>(whole, std::numeric_limits<int>::max()));
  }
  return ::epoll_wait(epoll, events, SocketPoll::batch, timeout);
}

int wait_for_events(int epoll, epoll_event* events, std::optional<Duration> limit) {
  if (!has_pwait2 || !limit || *limit == Duration::zero()) {
    return wait_in_milliseconds(epoll, events, limit);
  }
  const auto whole = std::chrono::floor<std::chrono::seconds>(*limit);
  const timespec timeout{.tv_sec = whole.count(), .tv_nsec = (*limit - whole).count()};
  const int count = ::epoll_pwait2(epoll, events, SocketPoll::batch, &timeout, nullptr);
  if (count < 0 && (errno == ENOSYS || errno == EPERM)) {
    has_pwait2 = false;
    return wait_in_milliseconds(epoll, events, limit);
  }
  return count;
}

std::uint32_t index_of(SocketPoll::Ticket ticket) noexcept {
  return static_cast<std::uint32_t>(ticket);
}

}  // namespace

SocketPoll::SocketPoll() : epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {}

SocketPoll::~SocketPoll() {
  for (const Slot& slot : slots_) {
    if (slot.watcher != nullptr) {
      slot.watcher->on_poll_gone();
    }
  }
}

SocketPoll::Ticket SocketPoll::add(int fd, std::uint32_t events, Watcher& watcher) {
  const bool listener = (events & EPOLLEXCLUSIVE) != 0;
  if (free_.empty()) {
    slots_.emplace_back();
    free_.reserve(slots_.capacity());  // So that forget() need not allocate.
    free_.push_back(static_cast<std::uint32_t>(slots_.size() - 1));
  }
  if (listener) {
    listeners_.reserve(listeners_.size() + 1);
  }
  const std::uint32_t index = free_.back();
  Slot& slot = slots_[index];
  const auto ticket = static_cast<Ticket>(std::uint64_t{slot.generation} << 32U | index);
  control(EPOLL_CTL_ADD, fd, events, ticket);
  slot.watcher = &watcher;
  free_.pop_back();
  if (listener) {
    listeners_.push_back(ticket);
  }
  return ticket;
}

void SocketPoll::change(Ticket ticket, int fd, std::uint32_t events) {
  control(EPOLL_CTL_MOD, fd, events, ticket);
}

void SocketPoll::remove(Ticket ticket, int fd) noexcept {
  if (slot_of(ticket) != nullptr) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    std::erase(listeners_, ticket);
    forget(ticket);
  }
}

void SocketPoll::forget(Ticket ticket) noexcept {
  if (Slot* const slot = slot_of(ticket)) {
    slot->watcher = nullptr;
    if (++slot->generation == 0) {
      slot->generation = 1;  // No ticket is zero.
    }
    free_.push_back(index_of(ticket));
  }
}

std::size_t SocketPoll::wait(std::optional<Duration> limit) {
  if (!limit || *limit > Duration::zero()) {
    before_sleep();
  }
  std::array<epoll_event, batch> events;  // Here, as whom we tell may get to call this again.
  const int count = wait_for_events(epoll_.get(), events.data(), limit);
  if (count < 0) {
    if (errno != EINTR) {
      throw_errno(errno, "epoll_wait");
    }
    return 0;
  }
  for (int i = 0; i < count; ++i) {
    if (Slot* const slot =
            slot_of(static_cast<Ticket>(events[static_cast<std::size_t>(i)].data.u64))) {
      slot->watcher->on_events(events[static_cast<std::size_t>(i)].events);
    }
  }
  return static_cast<std::size_t>(count);
}

void SocketPoll::before_sleep() noexcept {
  for (std::size_t i = listeners_.size(); i-- > 0;) {
    slot_of(listeners_[i])->watcher->before_sleep();
  }
}

// Null: what the ticket stood for is there no more.
SocketPoll::Slot* SocketPoll::slot_of(Ticket ticket) noexcept {
  const std::uint32_t index = index_of(ticket);
  if (index >= slots_.size()) {
    return nullptr;
  }
  Slot& slot = slots_[index];
  const bool same = slot.generation == static_cast<std::uint64_t>(ticket) >> 32U;
  return same && slot.watcher != nullptr ? &slot : nullptr;
}

void SocketPoll::control(int operation, int fd, std::uint32_t events, Ticket ticket) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = static_cast<std::uint64_t>(ticket);
  check(::epoll_ctl(epoll_.get(), operation, fd, &event), "epoll_ctl");
}

}  // namespace thane::internal
