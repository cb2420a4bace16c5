// Log lines: thane::log::info("hello, {}", name).
#pragma once

#include <fmt/core.h>

#include <atomic>
#include <string>
#include <string_view>
#include <utility>

namespace thane::log {

enum class Level : int { trace, debug, info, warning, error, critical, off };

namespace internal {
extern std::atomic<Level> threshold;
void write(Level level, fmt::string_view format, fmt::format_args arguments) noexcept;
}  // namespace internal

/// True if lines of this level are written. A line that is filtered out costs this test alone.
inline bool enabled(Level level) noexcept {
  return level >= internal::threshold.load(std::memory_order_relaxed);
}

/// Writes one line if the level is enabled. Never throws. A line that the reader has no room for is
/// waited with for 100 ms, for up to 1 s while lines of other processes still get through; so a
/// reader that is slow but alive may cost this at any line. Then it counts as stuck: until it reads
/// again nobody waits, and lines are kept, up to 256 KiB. What does not fit there, and what nobody
/// is left to read, is dropped and counted: "12 log lines dropped".
template <class... Args>
void write(Level level, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(level)) {
    internal::write(level, format, fmt::make_format_args(args...));
  }
}

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::debug, format, std::forward<Args>(args)...);
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::info, format, std::forward<Args>(args)...);
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::warning, format, std::forward<Args>(args)...);
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::error, format, std::forward<Args>(args)...);
}
template <class... Args>
void critical(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::critical, format, std::forward<Args>(args)...);
}

/// What every line of this process carries from now on; set by the launcher in each worker.
struct ProcessContext {
  std::string service = {};  ///< Empty: none.
  int worker = -1;           ///< Index 0..n-1; -1: the parent or the one process.
  unsigned generation = 0;
};
void set_process_context(ProcessContext context);

/// The request that this fiber works on: each line that the fiber logs while it exists carries the
/// id.
class RequestScope {
 public:
  explicit RequestScope(std::string request_id);
  ~RequestScope();
  RequestScope(const RequestScope&) = delete;
  RequestScope& operator=(const RequestScope&) = delete;

 private:
  std::string previous_;
};

/// That id; empty if there is none. Valid until the fiber leaves or enters a RequestScope.
[[nodiscard]] std::string_view request_id() noexcept;

/// Opens the log file anew (after logrotate moved it). Called by the launcher on SIGUSR1.
void reopen() noexcept;
/// Hands lines that wait for a slow reader to the kernel; gives a stuck one 100 ms, and no more.
/// For the end of a process; a child just forked never writes lines of its parent.
void flush() noexcept;

}  // namespace thane::log
