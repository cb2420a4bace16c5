#include "signals.hpp"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include <thane/check.hpp>

namespace thane::internal {

namespace {

// Answered by every launcher; USR2 too, so that one sent by mistake ends nothing.
constexpr int managed[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2};

// What the handlers use. Written before they are installed.
int handler_pipe = -1;
pid_t handler_process = 0;
timer_t hard_timer;
bool has_hard_timer = false;
itimerspec hard_limit_spec{};
std::atomic_flag hard_limit_armed;

constexpr int hard_limit_signal() {
  return 64;
}  // SIGRTMAX, which is no constant.

void on_hard_limit(int) {
  constexpr char text[] = "killed: graceful_shutdown_timeout (the event loop did not answer)\n";
  (void)!::write(STDERR_FILENO, text, sizeof text - 1);
  ::_exit(1);
}

void on_signal(int number, siginfo_t* info, void*) {
  const int saved_errno = errno;
  if (::getpid() == handler_process) {  // Not in a child that the application forked.
    if (number == SIGTERM) {
      arm_hard_limit();
    }
    const ReceivedSignal received{number, info->si_code == SI_KERNEL};
    (void)!::write(handler_pipe, &received, sizeof received);  // Full: it is not new any more.
  }
  errno = saved_errno;
}

void ignore(int) {}

void install(int number, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  ::sigfillset(&action.sa_mask);
  check(::sigaction(number, &action, nullptr), "sigaction");
}

void install(int number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigfillset(&action.sa_mask);
  check(::sigaction(number, &action, nullptr), "sigaction");
}

}  // namespace

BlockedSignals::BlockedSignals() {
  ::sigemptyset(&set_);
  for (const int number : managed) {
    ::sigaddset(&set_, number);
  }
  sigset_t blocked = set_;
  ::sigaddset(&blocked, SIGPIPE);  // Of a log reader that has gone.
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before_);
}

BlockedSignals::~BlockedSignals() {
  // One that a log without a reader has left pending must not end the program after its launcher.
  if (sigismember(&before_, SIGPIPE) == 0) {
    sigset_t sigpipe;
    ::sigemptyset(&sigpipe);
    ::sigaddset(&sigpipe, SIGPIPE);
    const timespec at_once{};
    while (::sigtimedwait(&sigpipe, nullptr, &at_once) < 0 && errno == EINTR) {
    }
  }
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

SignalPipe::SignalPipe(const sigset_t& mask, Duration hard_limit) {
  int ends[2];
  check(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), "pipe2");
  read_end_.reset(ends[0]);
  write_end_.reset(ends[1]);
  handler_pipe = write_end_.get();
  handler_process = ::getpid();
  hard_limit_armed.clear();
  if (hard_limit > Duration::zero()) {
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = hard_limit_signal();
    check(::timer_create(CLOCK_MONOTONIC, &event, &hard_timer), "timer_create");
    has_hard_timer = true;
    const auto nanoseconds = std::chrono::nanoseconds{hard_limit}.count();
    hard_limit_spec.it_value.tv_sec = nanoseconds / 1'000'000'000;
    hard_limit_spec.it_value.tv_nsec = nanoseconds % 1'000'000'000;
    install(hard_limit_signal(), on_hard_limit);
  }
  // A handler, not SIG_IGN: exec() resets the one and keeps the other.
  install(SIGPIPE, ignore);
  for (const int number : managed) {
    install(number, on_signal);
  }
  for (const int number : application_signals()) {
    install(number, on_signal);
  }
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

SignalPipe::~SignalPipe() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : managed) {
    ::sigaddset(&set, number);
  }
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);  // BlockedSignals has them again.
  disarm_hard_limit();
  if (has_hard_timer) {
    ::timer_delete(hard_timer);
    has_hard_timer = false;
  }
  for (const int number : managed) {
    ::signal(number, SIG_DFL);
  }
  for (const int number : application_signals()) {
    ::signal(number, SIG_DFL);
  }
  handler_pipe = -1;
}

ReceivedSignal SignalPipe::read() const {
  ReceivedSignal received;
  if (::read(read_end_.get(), &received, sizeof received) != sizeof received) {
    return {};
  }
  return received;
}

void hear_application_signal(int number) {
  if (handler_pipe >= 0 && handler_process == ::getpid()) {
    install(number, on_signal);
  }
}

void arm_hard_limit() noexcept {
  if (has_hard_timer && !hard_limit_armed.test_and_set()) {
    ::timer_settime(hard_timer, 0, &hard_limit_spec, nullptr);
  }
}

void disarm_hard_limit() noexcept {
  if (has_hard_timer) {
    const itimerspec off{};
    ::timer_settime(hard_timer, 0, &off, nullptr);
    hard_limit_armed.clear();
  }
}

}  // namespace thane::internal
