#include "worker_handle.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

#include <thane/check.hpp>

#include "threads.hpp"

namespace thane::internal {

namespace {

void refuse_threads() {
  if (has_second_thread()) {
    throw std::logic_error(
        "a second thread exists before fork: constructors of services must not start threads; "
        "start them in start()");
  }
}

Duration duration_of(const timeval& time) {
  return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

void WorkerHandle::signal(int number) const {
  // glibc 2.36 declares the wrapper without C linkage, so the call is made by number.
  if (::syscall(SYS_pidfd_send_signal, pidfd.get(), number, nullptr, 0) != 0 && errno != ESRCH) {
    throw_errno(errno, "pidfd_send_signal");
  }
}

void WorkerHandle::destroy() const {
  signal(SIGKILL);
  siginfo_t info{};
  check_retry([&] { return ::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED); },
              "waitid");
}

std::optional<Death> WorkerHandle::reap() const {
  siginfo_t info{};
  rusage usage{};
  // The system call itself, as the C library's waitid() keeps the usage to itself.
  while (::syscall(SYS_waitid, P_PIDFD, pidfd.get(), &info, WEXITED | WNOHANG, &usage) != 0) {
    if (errno == ECHILD) {
      return Death{.status = 255};
    }
    if (errno != EINTR) {
      throw_errno(errno, "waitid");
    }
  }
  if (info.si_pid == 0) {
    return std::nullopt;
  }
  const bool exited = info.si_code == CLD_EXITED;
  return Death{.status = exited ? info.si_status : 0,
               .signal = exited ? 0 : info.si_status,
               .core = info.si_code == CLD_DUMPED,
               .user_time = duration_of(usage.ru_utime),
               .system_time = duration_of(usage.ru_stime),
               .max_rss_kib = static_cast<std::uint64_t>(usage.ru_maxrss),
               .reason = reason};
}

Fork fork_worker() {
  refuse_threads();
  int ends[2];
  check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "socketpair");
  UniqueFd parent_end{ends[0]};
  UniqueFd worker_end{ends[1]};

  const AllSignalsBlocked until_recorded;
  const pid_t parent = ::getpid();
  const pid_t pid = check(::fork(), "fork");
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) {
      ::_exit(1);  // It died before the prctl: nobody would tell us any more.
    }
    Fork child;
    child.handle.pid = 0;
    child.channel_in_worker = std::move(worker_end);
    return child;
  }
  Fork forked;
  forked.handle.pid = pid;
  forked.handle.channel = std::move(parent_end);
  // Race-free: nobody else can have reaped the child.
  forked.handle.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!forked.handle.pidfd) {
    const int error = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    throw_errno(error, "pidfd_open");
  }
  return forked;
}

}  // namespace thane::internal
