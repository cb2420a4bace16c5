// Writing to a pipe that may have no reader.
#pragma once

#include <signal.h>
#include <time.h>

#include <cerrno>

namespace thane::log::internal {

/// Keeps SIGPIPE from this thread while it exists: a program whose log reader went away must live
/// on, whatever it does with its signals. May be used in a signal handler.
class WithoutSigpipe {
 public:
  WithoutSigpipe() noexcept {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~WithoutSigpipe() {
    // Also where it was blocked before: pending, it would end the program whenever it is unblocked.
    if (raised_) {
      const timespec at_once{};
      while (::sigtimedwait(&sigpipe_, nullptr, &at_once) < 0 && errno == EINTR) {
      }
    }
    if (sigismember(&before_, SIGPIPE) == 0) {
      ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

  void raised() noexcept { raised_ = true; }

 private:
  sigset_t sigpipe_{};
  sigset_t before_{};
  bool raised_ = false;
};

}  // namespace thane::log::internal
