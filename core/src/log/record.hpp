// One log line before it is text, and the three ways to write it down.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <cstdint>
#include <string_view>
#include <thane/log.hpp>

#include "escape.hpp"

namespace thane::log::internal {

/// What is known about a line. A value that refers to its strings; it lives for one call.
struct Record {
  Level level = Level::info;
  timespec time{};  // CLOCK_REALTIME.
  pid_t pid = 0;
  std::string_view service = {};
  int worker = -1;
  unsigned generation = 0;
  std::uint64_t fiber = 0;  // 0: not on a fiber.
  std::string_view request_id = {};
  std::string_view message = {};
};

/// Longer messages are cut, and the line says by how much.
inline constexpr std::size_t max_message = 64 * 1024;

/// "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL".
std::string_view level_word(Level level) noexcept;

/// Appends `TIME LEVEL PID[ SERVICE/WORKER][ gGENERATION][ REQUEST_ID]: MESSAGE` and a newline.
/// Line breaks and other control characters of the message are escaped: what a client sent can
/// neither forge a second line nor drive the terminal it is read on.
template <class Out>
void append_text(Out& out, const Record& record);

/// Appends one line that is valid JSON, whatever bytes the message holds.
template <class Out>
void append_json(Out& out, const Record& record);

/// Appends the fields of one datagram of journald's native protocol.
void append_journal(Buffer& out, const Record& record);

}  // namespace thane::log::internal
