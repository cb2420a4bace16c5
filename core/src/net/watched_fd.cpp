#include <thane/internal/watched_fd.hpp>

#include <sys/epoll.h>

#include <system_error>
#include <utility>

#include "fiber/fiber_context.hpp"
#include "fiber/loop_impl.hpp"
#include "socket_poll.hpp"

namespace thane::internal {

namespace {

constexpr int tries_in_a_row = 32;

constexpr std::uint32_t broken = EPOLLHUP | EPOLLERR;
constexpr std::uint32_t at_end = EPOLLRDHUP | broken;
constexpr std::uint32_t for_reading = EPOLLIN | EPOLLRDHUP | EPOLLET;
// Told again and again while a connection waits: to accept one at a time, with other work between,
// needs no accept() that fails.
constexpr std::uint32_t for_accepting = EPOLLIN | EPOLLEXCLUSIVE;

}  // namespace

// In the frame of the fiber that waits; in the list until it is woken, cancelled or interrupted.
struct WatchedFd::Waiting : Wait {
  Waiting(WatchedFd& descriptor, Direction which, FiberContext& waiter) noexcept
      : Wait{"io", &Waiting::interrupted}, fd(descriptor), direction(which), fiber(waiter) {
    next = std::exchange(fd.waiting_[direction], this);
    fiber.loop.io_wait_begins();
  }

  static void interrupted(Wait& wait) noexcept {
    auto& self = static_cast<Waiting&>(wait);
    self.was_interrupted = true;
    Waiting** link = &self.fd.waiting_[self.direction];
    while (*link != &self) {
      link = &(*link)->next;
    }
    *link = self.next;
    self.fiber.loop.io_wait_ends();
    self.fiber.loop.make_ready(self.fiber);
  }

  // Who is out of the list belongs to the caller, who has to resume it.
  static Waiting* take_all(WatchedFd& from, Direction direction) noexcept {
    Waiting* const first = std::exchange(from.waiting_[direction], nullptr);
    for (Waiting* each = first; each != nullptr; each = each->next) {
      each->interrupt = nullptr;
      each->fiber.loop.io_wait_ends();
    }
    return first;
  }

  static void resume_all(Waiting* first) noexcept {
    while (first != nullptr) {
      FiberContext& waiter = std::exchange(first, first->next)->fiber;
      waiter.loop.resume_at_once(waiter);  // What it waited in is gone then.
    }
  }

  WatchedFd& fd;
  const Direction direction;
  FiberContext& fiber;
  Waiting* next = nullptr;
  Outcome outcome = Outcome::ready;
  bool was_interrupted = false;
};

WatchedFd::WatchedFd(UniqueFd fd, Kind kind) noexcept : fd_(std::move(fd)), kind_(kind) {}

WatchedFd::Outcome WatchedFd::wait(Direction direction) {
  FiberContext& fiber = FiberContext::self();
  fiber.check_interrupt();
  require_open();
  watch(direction);
  if (!std::exchange(told_[direction], false)) {
    tries_ = 0;
    Waiting waiting{*this, direction, fiber};
    fiber.suspend(waiting);
    if (waiting.was_interrupted) {
      fiber.check_interrupt();
    }
    if (waiting.outcome == Outcome::cancelled) {
      return Outcome::cancelled;
    }
  }
  worth_a_try_[direction] = true;
  return Outcome::ready;
}

// To wait for room to write is rare, and asked for anew each time.
void WatchedFd::watch(Direction direction) {
  const bool writes = direction == writable;
  if (poll_ == nullptr) {
    SocketPoll& poll = FiberLoop::current().impl().sockets();
    const std::uint32_t usual = kind_ == Kind::listener ? for_accepting : for_reading;
    ticket_ = static_cast<std::uint64_t>(
        poll.add(fd_.get(), writes ? for_reading | EPOLLOUT : usual, *this));
    poll_ = &poll;
  } else if (writes) {
    told_[writable] = false;
    poll_->change(SocketPoll::Ticket{ticket_}, fd_.get(), for_reading | EPOLLOUT);
  }
}

void WatchedFd::on_events(std::uint32_t events) noexcept {
  ended_ = ended_ || (events & at_end) != 0;
  const auto woken = [this](Direction direction) {
    Waiting* const first = Waiting::take_all(*this, direction);
    told_[direction] = first == nullptr;
    return first;
  };
  Waiting* const readers = (events & (EPOLLIN | at_end)) != 0 ? woken(readable) : nullptr;
  Waiting* const writers = (events & (EPOLLOUT | broken)) != 0 ? woken(writable) : nullptr;
  Waiting::resume_all(readers);  // This object may be gone after the first of them.
  Waiting::resume_all(writers);
}

// A process that is woken for a connection and does not take it would leave it to nobody.
void WatchedFd::before_sleep() noexcept {
  if (waiting_[readable] == nullptr) {
    forget();
  }
}

void WatchedFd::on_poll_gone() noexcept {
  poll_ = nullptr;
}

void WatchedFd::give_way() {
  check_interrupt();
  if (++tries_ >= tries_in_a_row) {
    tries_ = 0;
    this_fiber::yield();
  }
}

void WatchedFd::require_open() const {
  if (!fd_) {
    throw_cancelled();
  }
}

void WatchedFd::throw_cancelled() const {
  throw std::system_error(ECANCELED, std::generic_category(), "the socket was closed");
}

void WatchedFd::cancel() noexcept {
  for (const Direction direction : {readable, writable}) {
    for (Waiting* each = Waiting::take_all(*this, direction); each != nullptr;) {
      each->outcome = Outcome::cancelled;
      FiberContext& waiter = std::exchange(each, each->next)->fiber;
      waiter.loop.make_ready(waiter);
    }
  }
}

void WatchedFd::forget() noexcept {
  cancel();
  if (SocketPoll* const poll = std::exchange(poll_, nullptr)) {
    poll->remove(SocketPoll::Ticket{ticket_}, fd_.get());
  }
  told_ = {};
}

void WatchedFd::close() noexcept {
  if (kind_ == Kind::own) {
    cancel();
    if (SocketPoll* const poll = std::exchange(poll_, nullptr)) {
      poll->forget(SocketPoll::Ticket{ticket_});
    }
  } else {
    forget();
  }
  fd_.reset();
}

UniqueFd WatchedFd::release() noexcept {
  forget();
  return std::move(fd_);
}

}  // namespace thane::internal
