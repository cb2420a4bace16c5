#include "crash_report.hpp"

#include <string.h>  // sigabbrev_np
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <span>
#include <string_view>

#include <thane/internal/emergency_line.hpp>

#include "fiber/describe_fiber.hpp"
#include "fiber/fiber_context.hpp"
#include "fiber/loop_impl.hpp"
#include "format_into.hpp"
#include "uncaught.hpp"

namespace thane::internal {

namespace {

using log::Level;
using log::internal::emergency_line;

// By kill() and the like: then it says by whom, and not where.
bool sent_by_process(const siginfo_t& signal) noexcept {
  return signal.si_code <= 0;
}

std::string_view describe_cause(const siginfo_t& signal, std::span<char> out) noexcept {
  if (!sent_by_process(signal)) {
    return signal.si_code == SI_KERNEL  // The processor does not say, for instance of what is none.
               ? format_into(out, " at an unknown address")
               : format_into(out, " at address {}", signal.si_addr);
  }
  return signal.si_pid == ::getpid() ? std::string_view{}
                                     : format_into(out, " sent by pid {}", signal.si_pid);
}

std::string_view describe_place(std::span<char> out) noexcept {
  if (const FiberContext* fiber = FiberContext::running()) {
    return format_into(out, " fiber={} id={}", fiber->shown_name(), fiber->id);
  }
  if (::gettid() == ::getpid()) {
    return {};
  }
  std::array<char, 16> name{};
  ::prctl(PR_GET_NAME, name.data());
  return format_into(out, " thread={} tid={}", name.data(), ::gettid());
}

}  // namespace

void log_stack(Level level, const Backtrace& backtrace, Symbolizer& symbolizer) noexcept {
  std::array<char, 600> line;
  for (const Backtrace::Frame& frame : backtrace.frames()) {
    if (const auto text = describe_frame(frame, symbolizer, line); !text.empty()) {
      emergency_line(level, text);
    }
  }
}

void log_crash(const siginfo_t& signal, ucontext_t& interrupted) noexcept {
  std::array<char, 100> cause;
  std::array<char, 300> place;
  std::array<char, 1000> line;
  const char* const name = ::sigabbrev_np(signal.si_signo);
  const std::string_view note = signal.si_signo == SIGABRT ? terminate_note() : std::string_view{};
  emergency_line(Level::critical,
                 format_into(line, "crashed: signal {} (SIG{}){}{}{}{}", signal.si_signo,
                             name != nullptr ? name : "?", describe_cause(signal, cause),
                             describe_place(place), note.empty() ? "" : ": ", note));
  Backtrace backtrace;
  const bool access = signal.si_signo == SIGSEGV || signal.si_signo == SIGBUS;
  if (access && !sent_by_process(signal)) {
    backtrace.capture_crashed(interrupted, signal.si_addr);
  } else {
    backtrace.capture_interrupted(interrupted);
  }
  Symbolizer symbolizer;
  log_stack(Level::critical, backtrace, symbolizer);
}

void log_fibers(ucontext_t& interrupted) noexcept {
  FiberLoop* const loop = FiberLoop::Impl::of_this_thread();
  const std::size_t count = loop != nullptr ? loop->impl().fibers() : 0;
  std::array<char, 500> line;
  Symbolizer symbolizer;
  Backtrace backtrace;
  emergency_line(Level::critical, format_into(line, "hung: dump of {} fibers", count));
  const auto log_fiber = [&](const FiberContext& fiber) {
    emergency_line(Level::critical, describe_fiber(fiber, loop->impl().now(), line));
    log_stack(Level::critical, backtrace, symbolizer);
  };

  const FiberContext* const running = FiberContext::running();
  backtrace.capture_interrupted(interrupted);
  if (running != nullptr) {
    log_fiber(*running);
  } else {
    emergency_line(Level::critical, "no fiber runs, but:");
    log_stack(Level::critical, backtrace, symbolizer);
  }
  if (loop == nullptr) {
    return;
  }
  std::size_t dumped = running != nullptr ? 1 : 0;
  const FiberContext* fiber = loop->impl().oldest_fiber();
  for (; fiber != nullptr && dumped < max_dumped; fiber = fiber->newer) {
    if (fiber == running) {
      continue;
    }
    backtrace.clear();
    if (fiber->has_suspended()) {
      backtrace.capture_suspended(interrupted, fiber->machine());
    }
    log_fiber(*fiber);
    ++dumped;
  }
  if (dumped < count) {
    emergency_line(Level::critical, format_into(line, "and {} more fibers", count - dumped));
  }
}

}  // namespace thane::internal
