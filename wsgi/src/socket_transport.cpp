#include "socket_transport.hpp"

#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <thane/internal/release_unused_stack.hpp>

#include "files/read_piece.hpp"

namespace thane::wsgi::internal {

using thane::internal::WatchedFd;

SocketTransport::SocketTransport(UniqueFd socket, Deadlines& deadlines, const Pace& pace)
    : socket_(std::move(socket)),
      deadlines_(deadlines),
      reading_(pace),
      writing_(pace),
      fiber_(this_fiber::current()) {}

void SocketTransport::expect(Waiting what) {
  timed_out_ = woken_late_ = false;
  waiting_ = what;
  if (what == Waiting::nothing) return deadlines_.disarm(*this);
  since_ = SteadyClock::now();
  deadlines_.arm(*this, what, since_);
  if (what == Waiting::first || what == Waiting::idle || what == Waiting::head) {
    reading_.restart();
    writing_.restart();
  }
}

std::size_t SocketTransport::read_some(char* to, std::size_t size) {
  for (;;) {
    if (const auto read = try_read(to, size)) return *read;
    await_input();
  }
}

std::optional<std::size_t> SocketTransport::try_read(char* to, std::size_t size) {
  // A request that came while its time ran out is answered, and not reset.
  const bool late = std::exchange(woken_late_, false);
  if (timed_out_ && !late) return 0;
  socket_.give_way();
  while (socket_.fd() >= 0 && (late || socket_.worth_a_try(WatchedFd::readable))) {
    const ssize_t count = ::recv(socket_.fd(), to, size, MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {
      socket_.found_nothing(WatchedFd::readable);
      break;
    }
    const auto octets = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    if (octets < size) socket_.has_no_more(WatchedFd::readable);
    if (waiting_ == Waiting::body && !reading_.note(SteadyClock::now() - since_, octets)) {
      timed_out_ = true;
      return 0;
    }
    return octets;
  }
  if (timed_out_ || socket_.fd() < 0) return 0;
  return std::nullopt;
}

void SocketTransport::await_input() {
  if (timed_out_ || socket_.fd() < 0 || socket_.worth_a_try(WatchedFd::readable)) return;
  (void)socket_.wait(WatchedFd::readable);
  woken_late_ = timed_out_;
}

// `attempt` tries to hand `left` octets to the kernel, as send() does it; 0 means there are no
// more.
template <class Attempt>
SentFile SocketTransport::push(std::uint64_t size, Attempt attempt) {
  using Outcome = SentFile::Outcome;
  SentFile sent;
  Duration waited{};
  while (sent.octets < size) {
    const ssize_t count = attempt(static_cast<std::size_t>(size - sent.octets));
    if (count == 0) {
      sent.outcome = Outcome::file_ended;
      return sent;
    }
    if (count > 0) {
      const auto octets = static_cast<std::size_t>(count);
      sent.octets += octets;
      if (!writing_.note(waited, octets)) {
        give_up();
        sent.outcome = Outcome::peer_gone;
        return sent;
      }
      waited = Duration::zero();
      if (sent.octets == size) break;
    } else if (errno == EINTR) {
      continue;
    } else if (errno != EAGAIN && errno != EWOULDBLOCK) {
      sent.outcome = Outcome::peer_gone;
      return sent;
    }
    // Not tried again at once: a peer that reads as fast as we write would keep all other fibers
    // from running.
    if (socket_.fd() < 0 || !wait_writable(waited)) {
      if (timed_out_) give_up();
      sent.outcome = Outcome::peer_gone;
      return sent;
    }
  }
  return sent;
}

bool SocketTransport::write_all(std::string_view data) {
  const SentFile sent = push(data.size(), [this, &data](std::size_t left) {
    return ::send(socket_.fd(), data.data() + (data.size() - left), left,
                  MSG_NOSIGNAL | MSG_DONTWAIT);
  });
  return sent.outcome == SentFile::Outcome::whole;
}

// The launcher has seen to SIGPIPE, which sendfile() cannot be told to leave out.
SentFile SocketTransport::send_file(int fd, std::uint64_t offset, std::uint64_t size) {
  SentFile all;
  while (all.octets < size) {
    auto at = static_cast<off_t>(offset + all.octets);
    const auto piece = std::min<std::uint64_t>(size - all.octets, file_piece);
    have_in_memory(fd, offset + all.octets, static_cast<std::size_t>(piece));
    const SentFile sent = push(piece, [this, fd, &at](std::size_t left) {
      return ::sendfile(socket_.fd(), fd, &at, left);
    });
    all.octets += sent.octets;
    all.outcome = sent.outcome;
    if (sent.outcome != SentFile::Outcome::whole) break;
    this_fiber::yield();
  }
  return all;
}

bool SocketTransport::wait_writable(Duration& waited) {
  expect(Waiting::write);
  const auto outcome = socket_.wait(WatchedFd::writable);
  if (outcome == WatchedFd::Outcome::cancelled || timed_out_) return false;
  waited += SteadyClock::now() - since_;
  expect(Waiting::nothing);
  return true;
}

// Closing would leave what was written to the kernel, which keeps offering it for a quarter of an
// hour.
void SocketTransport::give_up() {
  abort();
  timed_out_ = true;
}

void SocketTransport::shutdown_send() {
  static_cast<void>(::shutdown(socket_.fd(), SHUT_WR));
}

void SocketTransport::abort() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  static_cast<void>(::setsockopt(socket_.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
  socket_.close();
}

void SocketTransport::on_deadline() {
  timed_out_ = true;
  socket_.cancel();
}

void SocketTransport::on_long_wait() {
  thane::internal::release_unused_stack(fiber_);
}

}  // namespace thane::wsgi::internal
