#include "overflow_handler.hpp"

#include <signal.h>
#include <unistd.h>
#include <thane/check.hpp>

#include <array>
#include <cstdint>
#include <mutex>
#include <string_view>

#include "fiber_context.hpp"

// The process's signal handlers are global by nature; this file holds the two it installs.

namespace thane::internal {

namespace {

constexpr std::size_t alternate_stack_size = 64 * 1024;
constexpr std::array<int, 2> faults{SIGSEGV, SIGBUS};

std::mutex handlers_mutex;  // Guards the installing and removing; the handler itself only reads.
int handlers_users = 0;
struct sigaction handlers_before[faults.size()];
std::size_t page_size = 0;

void print(std::string_view text) noexcept {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

void print_number(std::uint64_t number) noexcept {
  std::array<char, 20> digits;
  std::size_t at = digits.size();
  do {
    digits[--at] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  print({&digits[at], digits.size() - at});
}

void on_fault(int signal, siginfo_t* info, void*) noexcept {
  const FiberContext* fiber = FiberContext::running();
  const bool sent_by_process = info->si_code <= 0;  // kill() and the like: no address.
  if (fiber != nullptr && !sent_by_process) {
    const auto* address = static_cast<const char*>(info->si_addr);
    const char* bottom = fiber->stack().bottom;
    if (address >= bottom - page_size && address < bottom) {
      print("fiber stack overflow: fiber ");
      print(fiber->name.empty() ? std::string_view{"without a name"} : fiber->name);
      print(" (id ");
      print_number(fiber->id);
      print(")\n");
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
  page_size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
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
  stack_t before = {};
  check(::sigaltstack(nullptr, &before), "sigaltstack");
  if ((before.ss_flags & SS_DISABLE) != 0) {  // A sanitizer's, for example, serves as well.
    alternate_stack_ = std::make_unique<std::byte[]>(alternate_stack_size);
    stack_t own = {};
    own.ss_sp = alternate_stack_.get();
    own.ss_size = alternate_stack_size;
    check(::sigaltstack(&own, nullptr), "sigaltstack");
  }
  install_handlers();
}

OverflowHandler::~OverflowHandler() {
  remove_handlers();
  if (alternate_stack_) {
    stack_t none = {};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
  }
}

}  // namespace thane::internal
