#include "address_wait.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>
#include <thane/check.hpp>
#include <thane/log.hpp>

namespace thane::internal {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds between_attempts{100};

std::string seconds_text(milliseconds time) {
  return fmt::format("{:g} s", std::chrono::duration<double>{time}.count());
}

std::string taken_text(const std::string& address) {
  return "cannot bind " + address + ", another socket has it";
}

// What is not blocked ends the process, or does whatever its handler does.
UniqueFd blocked_stop_signals() {
  sigset_t blocked;
  sigset_t wanted;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  ::sigemptyset(&wanted);
  for (const int number : {SIGTERM, SIGINT, SIGQUIT}) {
    if (sigismember(&blocked, number) == 1) ::sigaddset(&wanted, number);
  }
  return UniqueFd{check(::signalfd(-1, &wanted, SFD_CLOEXEC), "signalfd")};
}

}  // namespace

address_taken_error::address_taken_error(std::string address)
    : std::system_error(EADDRINUSE, std::generic_category(), taken_text(address)),
      address_(std::move(address)) {}

AddressWait::AddressWait(milliseconds limit)
    : limit_(limit), deadline_(deadline_after(SteadyClock::now(), limit)) {}

void AddressWait::wait(const address_taken_error& error) {
  if (limit_ <= milliseconds::zero()) {
    throw error;
  }
  const auto left = std::chrono::ceil<milliseconds>(deadline_ - SteadyClock::now());
  if (left <= milliseconds::zero()) {
    throw std::system_error(
        EADDRINUSE, std::generic_category(),
        fmt::format("{}, for {} now", taken_text(error.address()), seconds_text(limit_)));
  }
  if (!held_back_) {
    held_back_ = blocked_stop_signals();
    log::warning("{}; waiting for it, up to {}", taken_text(error.address()), seconds_text(limit_));
  }
  pollfd signal{.fd = held_back_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&signal, 1, static_cast<int>(std::min(left, between_attempts).count())) > 0) {
    throw std::system_error(EINTR, std::generic_category(),
                            taken_text(error.address()) + ", and a signal has ended the wait");
  }
}

}  // namespace thane::internal
