#include <thane/acceptor.hpp>

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <thane/check.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/log.hpp>

#include "waiter.hpp"

namespace thane {

using namespace std::chrono_literals;

namespace {

constexpr Duration pause_without_resources = 100ms;
constexpr Duration between_warnings = 1s;

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

class Acceptor::Impl : public internal::Waiter {
 public:
  Impl(UniqueFd fd, std::string address) : Waiter(std::move(fd)), address_(std::move(address)) {}

  // The next connection of the queue, or an invalid descriptor with errno saying why there is none.
  UniqueFd take() {
    for (;;) {
      UniqueFd connection{::accept4(fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
      if (connection || classify(errno) != Failure::connection_lost) {
        return connection;
      }
    }
  }

  UniqueFd wait_and_take() {
    for (;;) {
      UniqueFd connection{attempt(Direction::wait_read, [this](int) { return take().release(); })};
      if (connection) {
        return connection;
      }
      const int error = errno;
      if (classify(error) != Failure::no_resources) {
        throw std::system_error(error, std::generic_category(), "cannot accept on " + address_);
      }
      warn(error);
      this_fiber::sleep_for(pause_without_resources);
    }
  }

 private:
  void warn(int error) {
    const TimePoint now = FiberLoop::current().now();
    if (now >= next_warning_) {
      next_warning_ = now + between_warnings;
      log::warning("cannot accept on {}, trying again: {}", address_,
                   std::generic_category().message(error));
    }
  }

  std::string address_;
  TimePoint next_warning_ = TimePoint::min();
};

Acceptor::Acceptor(const Listener& listener)
    : impl_(std::make_unique<Impl>(
          UniqueFd{check(::fcntl(listener.fd(), F_DUPFD_CLOEXEC, 0), "dup of a listening socket")},
          listener.address())) {}

Acceptor::~Acceptor() = default;

Stream Acceptor::accept() {
  return Stream{impl_->wait_and_take()};
}

std::optional<Stream> Acceptor::try_accept() {
  UniqueFd connection = impl_->take();
  if (!connection) {
    return std::nullopt;
  }
  return Stream{std::move(connection)};
}

void Acceptor::close() noexcept {
  impl_->close();
}

}  // namespace thane
