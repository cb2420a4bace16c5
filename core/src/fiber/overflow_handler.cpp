#include "overflow_handler.hpp"

#include <signal.h>
#include <thane/check.hpp>

#include <array>
#include <cstdint>
#include <mutex>
#include <thane/internal/emergency_line.hpp>

#include "diagnostics/fault_guard.hpp"
#include "diagnostics/format_into.hpp"
#include "fiber_context.hpp"
#include "page_size.hpp"

// The process's signal handlers are global by nature; this file holds the two it installs.

namespace thane::internal {

namespace {

constexpr std::array<int, 2> faults{SIGSEGV, SIGBUS};

std::mutex handlers_mutex;  // Guards the installing and removing; the handler itself only reads.
int handlers_users = 0;
struct sigaction handlers_before[faults.size()];
std::size_t guard_size = 0;

void on_fault(int signal, siginfo_t* info, void*) noexcept {
  leave_guarded();
  const FiberContext* fiber = FiberContext::running();
  const bool sent_by_process = info->si_code <= 0;  // kill() and the like: no address.
  if (fiber != nullptr && !sent_by_process) {
    const auto* address = static_cast<const char*>(info->si_addr);
    const char* bottom = fiber->stack().bottom;
    if (address >= bottom - guard_size && address < bottom) {
      std::array<char, 300> line;
      log::internal::emergency_line(log::Level::critical,
                                    format_into(line, "fiber stack overflow: fiber {} (id {})",
                                                fiber->shown_name(), fiber->id));
    }
  }
  // With the handler from before in place again, returning repeats the fault and raises it there.
  for (std::size_t i = 0; i < faults.size(); ++i) {
    ::sigaction(faults[i], &handlers_before[i], nullptr);
  }
  if (sent_by_process) {
    ::raise(signal);
  }
}

void install_handlers() {
  const std::lock_guard lock{handlers_mutex};
  if (handlers_users++ > 0) {
    return;
  }
  guard_size = page_size();
  struct sigaction action = {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < faults.size(); ++i) {
    check(::sigaction(faults[i], &action, &handlers_before[i]), "sigaction");
  }
}

void remove_handlers() noexcept {
  const std::lock_guard lock{handlers_mutex};
  if (--handlers_users > 0) {
    return;
  }
  for (std::size_t i = 0; i < faults.size(); ++i) {
    struct sigaction now = {};
    ::sigaction(faults[i], nullptr, &now);
    if (now.sa_sigaction == on_fault) {  // Else somebody has put his own over ours.
      ::sigaction(faults[i], &handlers_before[i], nullptr);
    }
  }
}

}  // namespace

OverflowHandler::OverflowHandler() {
  install_handlers();
}

OverflowHandler::~OverflowHandler() {
  remove_handlers();
}

}  // namespace thane::internal
