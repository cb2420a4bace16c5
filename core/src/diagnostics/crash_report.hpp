// What is known of a process that is about to die, as lines of the log.
#pragma once

#include <signal.h>
#include <sys/types.h>
#include <ucontext.h>

#include <thane/log.hpp>

#include "fiber/backtrace.hpp"

namespace thane::internal {

// All of these are safe in signal handlers, and want to run on a stack of their own.

/// One line a frame.
void log_stack(log::Level level, const Backtrace& backtrace, Symbolizer& symbolizer) noexcept;

/// The signal, who it has hit, and the stack.
void log_crash(const siginfo_t& signal, ucontext_t& interrupted) noexcept;

/// The fibers of this thread's loop, each with its stack; no more than max_dumped.
void log_fibers(ucontext_t& interrupted) noexcept;
inline constexpr std::size_t max_dumped = 200;

}  // namespace thane::internal
