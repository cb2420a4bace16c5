#include <thane/internal/crash_handler.hpp>

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <optional>
#include <thane/check.hpp>

#include "alternate_stack.hpp"
#include "crash_report.hpp"
#include "fault_guard.hpp"
#include "symbolizer.hpp"
#include "uncaught.hpp"

// The process's signal handlers are global by nature; all that is global about these is here.

namespace thane::internal {

namespace {

constexpr std::array handled{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

// Written before the handlers are installed, or lock-free.
pid_t service_thread = 0;
std::atomic<pid_t> reporting{0};  // The thread that reports a crash; the others wait for its end.
std::atomic<bool> dump_wanted{false};
static_assert(std::atomic<pid_t>::is_always_lock_free);

// Whoever sends this process a SIGABRT does so because it hangs: a parent, systemd, somebody.
bool sent_from_outside(const siginfo_t& info) noexcept {
  const int code = info.si_code;
  return (code == SI_USER || code == SI_QUEUE || code == SI_TKILL) && info.si_pid != ::getpid();
}

// Once the handler has returned: what has faulted faults again, what was sent is sent again.
void die_of(const siginfo_t& info) noexcept {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  ::sigaction(info.si_signo, &action, nullptr);
  if (info.si_code <= 0) {
    ::raise(info.si_signo);
  }
}

// True if there is to be a report; false: another thread is at it, and takes too long.
bool take_turn() noexcept {
  constexpr int patience_ms = 3000;
  pid_t nobody = 0;
  if (reporting.compare_exchange_strong(nobody, ::gettid())) {
    return true;
  }
  if (reporting != ::gettid()) {
    ::poll(nullptr, 0, patience_ms);  // Ends with the process.
  }
  return false;
}

void on_crash(int number, siginfo_t* info, void* context) {
  leave_guarded();
  const int errno_before = errno;
  auto& interrupted = *static_cast<ucontext_t*>(context);
  bool dump = number == SIGABRT && (sent_from_outside(*info) || dump_wanted);
  if (dump && ::gettid() != service_thread) {  // The fibers are that thread's.
    if (dump_wanted.exchange(true) || ::tgkill(::getpid(), service_thread, SIGABRT) == 0) {
      errno = errno_before;
      return;
    }
    dump = false;  // A child of the application's own, which has no such thread.
  }
  if (take_turn()) {
    if (dump) {
      log_fibers(interrupted);
    } else {
      log_crash(*info, interrupted);
    }
  }
  die_of(*info);
  errno = errno_before;
}

}  // namespace

struct CrashHandler::State {
  AlternateStack alternate_stack;
  TerminateNote terminate_note;
  std::array<std::optional<struct sigaction>, handled.size()> before;  // Of those that are ours.
};

CrashHandler::CrashHandler() : state_(std::make_unique<State>()) {
  Symbolizer::prepare();
  service_thread = ::gettid();
  reporting = 0;
  dump_wanted = false;
  struct sigaction action {};
  action.sa_sigaction = on_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  // All are held back, so that the kernel ends a process at once that crashes in its handler.
  ::sigfillset(&action.sa_mask);
  sigset_t ours;
  ::sigemptyset(&ours);
  for (std::size_t i = 0; i < handled.size(); ++i) {
    struct sigaction before {};
    check(::sigaction(handled[i], nullptr, &before), "sigaction");
    if ((before.sa_flags & SA_SIGINFO) == 0 && before.sa_handler == SIG_DFL) {
      check(::sigaction(handled[i], &action, nullptr), "sigaction");
      state_->before[i] = before;
      ::sigaddset(&ours, handled[i]);
    }
  }
  ::pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
}

CrashHandler::~CrashHandler() {
  for (std::size_t i = 0; i < handled.size(); ++i) {
    struct sigaction now {};
    ::sigaction(handled[i], nullptr, &now);
    if (state_->before[i] && now.sa_sigaction == on_crash) {
      ::sigaction(handled[i], &*state_->before[i], nullptr);
    }
  }
}

}  // namespace thane::internal
