// Log lines of another process, and the log of one whose standard error leads elsewhere.
#pragma once

#include <sys/types.h>

#include <string_view>

#include <thane/log.hpp>

namespace thane::internal {

/// Writes a line as if process `pid` had, whose lines carry `context`.
void log_for(const log::ProcessContext& context, pid_t pid, log::Level level,
             std::string_view message) noexcept;

/// A log that goes to standard error goes to where that leads now, also when descriptor 2 becomes
/// something else. Throws std::system_error.
void keep_log_on_this_stderr();

}  // namespace thane::internal
