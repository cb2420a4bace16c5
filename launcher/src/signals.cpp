#include "signals.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <optional>

#include <thane/check.hpp>
#include <thane/internal/emergency_line.hpp>

#include "pid_file.hpp"

namespace thane::internal {

namespace {

// Answered by every launcher; USR2 too, so that one sent by mistake ends nothing. In the order in
// which they are answered when several have come.
constexpr std::array managed{SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2};

// Which signal the timer sends. SIGRTMAX - 2, which is no constant: SIGRTMAX is valgrind's, below
// which daemons are to run too, and the next that of StallWatch.
constexpr int timer_signal = 62;

// What the handlers use. Written before they are installed, or lock-free.
int wake_fd = -1;
pid_t own_pid = 0;
std::array<std::atomic<std::uint8_t>, _NSIG> pending;  // Bits: from a process, from the kernel.
static_assert(std::atomic<std::uint8_t>::is_always_lock_free);

timer_t timer;
bool has_timer = false;
std::atomic<std::int64_t> graceful_limit{0};  // Nanoseconds; zero: none.
std::atomic<std::int64_t> fast_limit{0};
std::atomic_flag graceful_armed;
std::atomic_flag fast_armed;
static_assert(std::atomic<std::int64_t>::is_always_lock_free);
std::array<char, 256> graceful_text;
std::array<char, 256> fast_text;

sigset_t mask_now() {
  sigset_t mask;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  return mask;
}

// What the program was started with, as opposed to what its main() may have blocked.
const sigset_t mask_at_start = mask_now();

// What the signals meant before a SignalPipe took them.
std::array<std::optional<struct sigaction>, _NSIG> previous;

void set_timer(std::int64_t nanoseconds) noexcept {
  itimerspec spec{};
  spec.it_value.tv_sec = nanoseconds / 1'000'000'000;
  spec.it_value.tv_nsec = nanoseconds % 1'000'000'000;
  ::timer_settime(timer, 0, &spec, nullptr);
}

void arm(std::atomic_flag& armed, const std::atomic<std::int64_t>& limit) noexcept {
  if (has_timer && limit != 0 && !armed.test_and_set()) {
    set_timer(limit);
  }
}

void arm_fast_limit() noexcept {
  graceful_armed.test_and_set();  // A TERM that comes later makes nothing slower.
  arm(fast_armed, fast_limit);
}

void on_timer(int) {
  log::internal::emergency_line(log::Level::error,
                                (fast_armed.test() ? fast_text : graceful_text).data());
  remove_pid_file();  // Nothing but system calls.
  ::_exit(1);
}

void on_signal(int number, siginfo_t* info, void*) {
  const int saved_errno = errno;
  if (::getpid() == own_pid) {  // Not in a child that the application forked.
    if (number == SIGTERM) arm_hard_limit();
    if (number == SIGINT || number == SIGQUIT) arm_fast_limit();
    const bool from_kernel = info->si_code == SI_KERNEL;
    pending[static_cast<std::size_t>(number)].fetch_or(from_kernel ? 2 : 1);
    (void)!::write(wake_fd, "", 1);  // Full: then it will be read.
  }
  errno = saved_errno;
}

void ignore(int) {}

void install(int number, struct sigaction action) {
  action.sa_flags |= SA_RESTART | SA_ONSTACK;  // A fiber's stack may have little room left.
  ::sigfillset(&action.sa_mask);
  struct sigaction before {};
  check(::sigaction(number, &action, &before), "sigaction");
  auto& kept = previous[static_cast<std::size_t>(number)];
  if (!kept) kept = before;
}

void install(int number, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  install(number, action);
}

void install(int number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  install(number, action);
}

void restore(int number) noexcept {
  auto& kept = previous[static_cast<std::size_t>(number)];
  if (kept) {
    ::sigaction(number, &*kept, nullptr);
    kept.reset();
  }
}

sigset_t managed_set() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : managed) {
    ::sigaddset(&set, number);
  }
  return set;
}

void keep_children() {
  struct sigaction action {};
  ::sigaction(SIGCHLD, nullptr, &action);
  if (action.sa_handler == SIG_IGN || (action.sa_flags & SA_NOCLDWAIT) != 0) {
    ::signal(SIGCHLD, SIG_DFL);
  }
}

void discard_pending(const sigset_t& set) {
  const timespec at_once{};
  while (::sigtimedwait(&set, nullptr, &at_once) > 0 || errno == EINTR) {
  }
}

}  // namespace

BlockedSignals::BlockedSignals() : set_(managed_set()) {
  keep_children();
  sigset_t blocked = set_;
  ::sigaddset(&blocked, SIGPIPE);  // Of a log reader that has gone.
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before_);
}

BlockedSignals::~BlockedSignals() {
  sigset_t unwanted;
  ::sigemptyset(&unwanted);
  for (int number = 1; number < _NSIG; ++number) {
    const bool held_back = sigismember(&set_, number) == 1 || number == SIGPIPE;
    if (held_back && sigismember(&before_, number) == 0) {
      ::sigaddset(&unwanted, number);
    }
  }
  discard_pending(unwanted);
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

SignalPipe::SignalPipe(const sigset_t& mask, std::string_view label) {
  int ends[2];
  check(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), "pipe2");
  read_end_.reset(ends[0]);
  write_end_.reset(ends[1]);
  wake_fd = write_end_.get();
  own_pid = ::getpid();
  for (auto& bits : pending) {
    bits = 0;
  }

  graceful_limit = 0;
  fast_limit = 0;
  graceful_armed.clear();
  fast_armed.clear();
  const auto write_text = [label](std::array<char, 256>& text, std::string_view limit) {
    *fmt::format_to_n(text.begin(), text.size() - 1,
                      "worker {} killed: {} (it did not give way) pid={}", label, limit, own_pid)
         .out = '\0';
  };
  write_text(graceful_text, "graceful_shutdown_timeout");
  write_text(fast_text, "fast stop");
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = timer_signal;
  check(::timer_create(CLOCK_MONOTONIC, &event, &timer), "timer_create");
  has_timer = true;

  install(timer_signal, on_timer);
  install(SIGPIPE, ignore);  // A handler, not SIG_IGN: exec() resets the one and keeps the other.
  sigset_t wanted = mask;
  ::sigdelset(&wanted, timer_signal);
  ::sigdelset(&wanted, SIGPIPE);
  for (const int number : managed) {
    install(number, on_signal);
    ::sigdelset(&wanted, number);
  }
  for (const int number : application_signals()) {
    install(number, on_signal);
    ::sigdelset(&wanted, number);
  }
  for (int number = 1; number < _NSIG; ++number) {
    if (sigismember(&mask_at_start, number) == 1) ::sigdelset(&wanted, number);
  }
  ::pthread_sigmask(SIG_SETMASK, &wanted, nullptr);
}

SignalPipe::~SignalPipe() {
  sigset_t set = managed_set();
  ::sigaddset(&set, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);  // BlockedSignals has them again.
  disarm_hard_limit();
  ::timer_delete(timer);
  has_timer = false;
  for (int number = 1; number < _NSIG; ++number) {
    restore(number);
  }
  wake_fd = -1;
}

std::vector<ReceivedSignal> SignalPipe::read() const {
  std::array<char, 64> bytes;
  while (::read(read_end_.get(), bytes.data(), bytes.size()) > 0) {
  }
  std::vector<ReceivedSignal> received;
  const auto take = [&received](int number) {
    const unsigned bits = pending[static_cast<std::size_t>(number)].exchange(0);
    if ((bits & 1U) != 0) received.push_back({number, false});
    if ((bits & 2U) != 0) received.push_back({number, true});
  };
  std::ranges::for_each(managed, take);
  for (int number = 1; number < _NSIG; ++number) {
    take(number);
  }
  return received;
}

void hear_application_signal(int number) {
  if (wake_fd >= 0 && own_pid == ::getpid()) {
    install(number, on_signal);
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, number);
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  }
}

void leave_application_signal(int number) noexcept {
  if (wake_fd >= 0 && own_pid == ::getpid() &&
      std::ranges::find(managed, number) == managed.end()) {
    restore(number);
  }
}

void set_hard_limits(Duration graceful, Duration fast) noexcept {
  graceful_limit = std::chrono::nanoseconds{graceful}.count();
  fast_limit = std::chrono::nanoseconds{fast}.count();
}

void arm_hard_limit() noexcept {
  arm(graceful_armed, graceful_limit);
}

void disarm_hard_limit() noexcept {
  if (has_timer && !fast_armed.test()) {
    set_timer(0);
    graceful_armed.clear();
  }
}

}  // namespace thane::internal
