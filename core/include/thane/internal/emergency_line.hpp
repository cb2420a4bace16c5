// A log line where nothing may be allocated and no lock be waited for: in a signal handler.
#pragma once

#include <string_view>

#include <thane/log.hpp>

namespace thane::log::internal {

/// Writes one line to where the log goes, in the format that it has, without the id of a request;
/// to stderr if the log goes to journald. Safe in signal handlers. Does not wait in line: it
/// overtakes lines that wait for a slow reader. A reader that is stuck is waited for once, 100 ms,
/// then lines are lost. What does not fit into PIPE_BUF bytes is cut.
void emergency_line(Level level, std::string_view text) noexcept;

}  // namespace thane::log::internal
