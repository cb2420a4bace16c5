// How the log of this process is written: level, format, destination. All of it can change at run
// time.
#pragma once

#include <string>
#include <string_view>
#include <thane/log.hpp>

namespace thane {
class Config;
}

namespace thane::log {

enum class Format {
  text,  ///< `TIME LEVEL PID[ SERVICE/WORKER][ gGENERATION][ REQUEST_ID]: MESSAGE`
  json,  ///< One object a line: time, level, pid, service, worker, generation, fiber, request_id,
         ///< message; fields that do not apply are left out.
};

/// Lines below `level` are not written. Default: Level::info.
void set_level(Level level) noexcept;
[[nodiscard]] Level level() noexcept;

/// Default: Format::text. journald gets fields of its own instead.
void set_format(Format format) noexcept;

/// Lines are appended to the file from now on; it is created with mode 0640 if there is none.
/// Throws std::system_error with a sentence that names it, and then changes nothing.
void to_file(const std::string& path);

/// Relative paths of log files mean what they mean now, also when the process goes to another
/// directory.
void keep_directory();

/// Lines go to stderr from now on, or to journald if $JOURNAL_STREAM says that stderr leads there
/// anyway. This is how a process starts.
void to_stderr();

/// Does all of the above as the options debug, log_level, log_format and log_file say. A log file
/// that cannot be opened is logged as an error, and the log stays where it was.
void configure(const Config& config) noexcept;

}  // namespace thane::log
