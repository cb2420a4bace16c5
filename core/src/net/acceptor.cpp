#include <thane/acceptor.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <system_error>
#include <thane/check.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/internal/worker_slot.hpp>
#include <thane/log.hpp>
#include <vector>

#include "accept_turn.hpp"
#include "stream_impl.hpp"

namespace thane {

using internal::WorkerState;
using namespace std::chrono_literals;

namespace {

constexpr Duration pause_without_resources = 100ms;
constexpr Duration between_warnings = 1s;
// A new sibling may be left something so much later.
constexpr Duration between_looks_for_siblings = 500us;
// A process that leaves while others stay leaves everything to them.
constexpr Duration pause_of_leaver = 20ms;

enum class Failure { nothing_there, connection_lost, no_resources, fatal };

// accept(2): errors that were pending on the new connection come out of accept() and say nothing
// about the listening socket.
Failure classify(int error) {
  switch (error) {
    case EAGAIN:
      return Failure::nothing_there;
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case EPERM:  // A firewall rule.
      return Failure::connection_lost;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return Failure::no_resources;
    default:
      return Failure::fatal;
  }
}

}  // namespace

class Acceptor::Impl : public internal::WatchedFd {
 public:
  Impl(UniqueFd fd, const Listener& listener)
      : WatchedFd(std::move(fd), Kind::listener),
        address_(listener.address()),
        ours_(listener.ours()),
        is_unix_(option(SO_DOMAIN) == AF_UNIX) {}

  // The next connection of the queue; if there is none, why_nothing_ tells why.
  std::unique_ptr<Stream::Impl> take() {
    internal::SocketAddress from;
    for (;;) {
      from.size = sizeof from.storage;
      UniqueFd connection{::accept4(fd(), reinterpret_cast<sockaddr*>(&from.storage), &from.size,
                                    SOCK_NONBLOCK | SOCK_CLOEXEC)};
      if (connection) {
        std::atomic<std::uint64_t>& accepted = internal::own_slot().accepted;
        accepted.store(accepted.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        auto stream = std::make_unique<Stream::Impl>(std::move(connection));
        stream->accepted_from = from;
        return stream;
      }
      why_nothing_ = errno == EAGAIN && shut() ? EINVAL : errno;
      if (classify(why_nothing_) != Failure::connection_lost) {
        return nullptr;
      }
    }
  }

  // Who has to stand back goes to the end of the line in which the kernel wakes those who sleep.
  // Who was woken looks once whether somebody else takes what has come, who may have been awake,
  // and takes it then: nobody else may be.
  std::unique_ptr<Stream::Impl> wait_and_take() {
    give_way();
    bool was_woken = false;
    bool is_ours = false;
    for (bool may_find_one = worth_a_try(readable);; may_find_one = true) {
      require_open();
      const Duration pause = is_ours ? Duration::zero() : pause_for_peers();
      if (pause > Duration::zero()) {
        forget();
        if (is_readable()) {
          const std::uint64_t taken = taken_by_siblings();
          this_fiber::sleep_for(pause);
          is_ours = was_woken && taken_by_siblings() == taken;
          continue;
        }
        turn_.queue_was_empty();
      } else if (may_find_one) {
        auto connection = take();
        found_nothing(readable);  // Of the next one we hear in any case.
        if (connection) {
          return connection;
        }
        if (why_nothing_ != EAGAIN) {
          wait_or_throw(why_nothing_);
          continue;
        }
        turn_.queue_was_empty();
      }
      was_woken = wait(readable) == Outcome::ready;
      is_ours = was_woken && leaves();
    }
  }

  // A Unix socket that is shut down refuses new connections and keeps those it has. One of TCP
  // would reset those; it is bound to a network device that does not exist instead: then the kernel
  // finds no listener for who comes next, but knows those who are in their handshakes.
  bool refuse_new() const noexcept {
    if (!ours_) {
      return false;
    }
    if (is_unix_) {
      end_listening();
      return true;
    }
    constexpr int nowhere = std::numeric_limits<int>::max();
    return option(SO_BINDTOIFINDEX) == nowhere ||
           ::setsockopt(fd(), SOL_SOCKET, SO_BINDTOIFINDEX, &nowhere, sizeof nowhere) == 0;
  }

  void end_listening() const noexcept {
    if (ours_) {
      static_cast<void>(::shutdown(fd(), SHUT_RD));
    }
  }

  Nothing nothing() const noexcept {
    switch (classify(why_nothing_)) {
      case Failure::nothing_there:
      case Failure::connection_lost:
        return Nothing::waits;
      case Failure::no_resources:
        return Nothing::can_be_accepted;
      case Failure::fatal:
        break;
    }
    return Nothing::will_come;
  }

 private:
  // accept4() tells it of TCP itself; an empty Unix socket that is shut down is just always ready.
  bool shut() const noexcept {
    pollfd state{.fd = fd(), .events = POLLRDHUP, .revents = 0};
    return is_unix_ && ::poll(&state, 1, 0) != 0;
  }

  // How long to leave the next connection to other processes of the same service.
  Duration pause_for_peers() {
    const internal::WorkerSlots& slots = internal::worker_slots();
    if (slots.all.size() < 2) {
      return Duration::zero();
    }
    const TimePoint now = FiberLoop::current().now();
    find_siblings(slots, now);
    standings_.clear();
    for (const std::size_t sibling : siblings_) {
      const internal::WorkerSlot& slot = slots.all[sibling];
      if (accepts(slot)) {
        standings_.push_back(standing(slot, sibling));
      }
    }
    if (leaves()) {
      return standings_.empty() ? Duration::zero() : pause_of_leaver;
    }
    return turn_.pause(now, standing(slots.all[slots.own], slots.own), standings_);
  }

  static bool leaves() {
    return internal::own_slot().state == WorkerState::draining && !internal::launcher_ends();
  }

  // There are hundreds of slots for a few processes.
  void find_siblings(const internal::WorkerSlots& slots, TimePoint now) {
    if (now < look_for_siblings_at_) {
      return;
    }
    look_for_siblings_at_ = now + between_looks_for_siblings;
    siblings_.clear();
    for (std::size_t i = 0; i < slots.all.size(); ++i) {
      const internal::WorkerSlot& slot = slots.all[i];
      if (i != slots.own && slot.state != WorkerState::none &&
          slot.service == slots.all[slots.own].service) {
        siblings_.push_back(i);
      }
    }
  }

  // Since they started: a number that changes when one of them accepts.
  std::uint64_t taken_by_siblings() const {
    const auto& all = internal::worker_slots().all;
    std::uint64_t sum = 0;
    for (const std::size_t sibling : siblings_) {
      sum += all[sibling].accepted.load(std::memory_order_relaxed);
    }
    return sum;
  }

  // When all stop together they go on accepting together, until the queue is empty.
  static bool accepts(const internal::WorkerSlot& slot) {
    return slot.state == WorkerState::running ||
           (slot.state == WorkerState::draining && internal::launcher_ends());
  }

  static internal::Standing standing(const internal::WorkerSlot& slot, std::size_t index) {
    constexpr auto any_order = std::memory_order_relaxed;
    return {.slot = index,
            .tick = slot.tick.load(any_order),
            .accepted = slot.accepted.load(any_order),
            .connections = slot.connections.load(any_order)};
  }

  bool is_readable() const noexcept {
    pollfd waiting{.fd = fd(), .events = POLLIN, .revents = 0};
    return ::poll(&waiting, 1, 0) != 0;
  }

  int option(int name) const noexcept {
    int value = 0;
    socklen_t size = sizeof value;
    static_cast<void>(::getsockopt(fd(), SOL_SOCKET, name, &value, &size));
    return value;
  }

  void wait_or_throw(int error) {
    if (classify(error) != Failure::no_resources) {
      throw std::system_error(error, std::generic_category(), "cannot accept on " + address_);
    }
    warn(error);
    this_fiber::sleep_for(pause_without_resources);
  }

  // One warning a second, whoever of the siblings it is.
  void warn(int error) {
    auto& next_warning = internal::worker_slots().launcher->next_accept_warning;
    const Duration now = FiberLoop::current().now().time_since_epoch();
    std::int64_t next = next_warning.load(std::memory_order_relaxed);
    if (now.count() >= next &&
        next_warning.compare_exchange_strong(next, (now + between_warnings).count())) {
      log::warning("cannot accept on {}, trying again: {}", address_,
                   std::generic_category().message(error));
    }
  }

  std::string address_;
  bool ours_;
  bool is_unix_;
  int why_nothing_ = EAGAIN;
  internal::AcceptTurn turn_;
  std::vector<std::size_t> siblings_;  // Slots of the same service.
  TimePoint look_for_siblings_at_ = TimePoint::min();
  std::vector<internal::Standing> standings_;  // Of those that accept; kept for its memory.
};

Acceptor::Acceptor(const Listener& listener)
    : impl_(std::make_unique<Impl>(
          UniqueFd{check(::fcntl(listener.fd(), F_DUPFD_CLOEXEC, 0), "dup of a listening socket")},
          listener)) {}

Acceptor::~Acceptor() = default;

Stream Acceptor::accept() {
  return Stream{impl_->wait_and_take()};
}

std::optional<Stream> Acceptor::try_accept() {
  auto connection = impl_->take();
  if (!connection) {
    return std::nullopt;
  }
  return Stream{std::move(connection)};
}

Acceptor::Nothing Acceptor::nothing() const noexcept {
  return impl_->nothing();
}

bool Acceptor::refuse_new() noexcept {
  return impl_->refuse_new();
}

void Acceptor::end_listening() noexcept {
  impl_->end_listening();
}

void Acceptor::close() noexcept {
  impl_->close();
}

}  // namespace thane
