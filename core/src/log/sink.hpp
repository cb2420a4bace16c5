// Where log lines go: a stream that others share, a file, or journald.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thane/unique_fd.hpp>

#include "shared_turn.hpp"

namespace thane::log::internal {

/// What became of a line.
enum class Put {
  done,
  full,  ///< Not taken, not even in part: the reader is slow or stuck. May be tried again.
  gone,  ///< Lost: no reader, no space, no permission.
};

/// Takes lines, each whole or not at all, and never waits for a reader.
class Sink {
 public:
  virtual ~Sink() = default;
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  /// One line with its newline, or one datagram.
  virtual Put put(std::string_view line) noexcept = 0;
  /// Completes a line that this process or another could only write in part.
  virtual Put finish() noexcept { return Put::done; }
  /// Blocks until the reader may have made room, or the time is over: then false.
  virtual bool wait(std::chrono::milliseconds patience) noexcept = 0;
  /// Grows while anybody's lines are taken; 0 if that is not known.
  [[nodiscard]] virtual std::uint64_t progress() const noexcept { return 0; }
  /// Where a line may be written to that comes at once, as text or JSON; stderr if not here.
  [[nodiscard]] virtual int emergency_fd() const noexcept { return 2; }
  /// True if lines are to be datagrams of journald's protocol.
  [[nodiscard]] virtual bool is_journal() const noexcept { return false; }
};

/// The sink for a descriptor that the process was given, as stderr: it is neither closed nor
/// switched to non-blocking mode, for both would be felt by other processes that share it.
std::unique_ptr<Sink> make_stream_sink(int fd, std::shared_ptr<SharedTurn> turn);

/// The sink for a path: a file is appended to, and created with mode 0640; a FIFO must have a
/// reader. Throws std::system_error with a sentence that names the path.
std::unique_ptr<Sink> make_file_sink(const std::string& path, std::shared_ptr<SharedTurn> turn);

/// The sink for journald's socket; null if nobody listens there.
std::unique_ptr<Sink> make_journal_sink(const std::string& socket_path) noexcept;

/// True if `journal_stream`, the value of $JOURNAL_STREAM, names what `fd` is.
bool is_journal_stream(const char* journal_stream, int fd);

}  // namespace thane::log::internal
