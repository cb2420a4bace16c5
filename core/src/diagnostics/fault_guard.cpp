#include "fault_guard.hpp"

#include <setjmp.h>
#include <signal.h>

#include <utility>

namespace thane::internal {

namespace {
constinit thread_local sigjmp_buf* way_out [[gnu::tls_model("initial-exec")]] = nullptr;
}  // namespace

bool run_guarded(void (*function)(void*), void* argument) noexcept {
  sigset_t faults;
  sigset_t before;
  ::sigemptyset(&faults);
  ::sigaddset(&faults, SIGSEGV);
  ::sigaddset(&faults, SIGBUS);
  ::pthread_sigmask(SIG_UNBLOCK, &faults, &before);
  sigjmp_buf here;
  sigjmp_buf* const outer = std::exchange(way_out, &here);
  const bool good = sigsetjmp(here, 1) == 0;
  if (good) {
    function(argument);
  }
  way_out = outer;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return good;
}

void leave_guarded() noexcept {
  if (way_out != nullptr) {
    siglongjmp(*way_out, 1);
  }
}

}  // namespace thane::internal
