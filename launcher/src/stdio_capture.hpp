// What processes write to their standard streams, as lines of the log.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <thane/log.hpp>
#include <thane/unique_fd.hpp>

#include "line_buffer.hpp"

namespace thane::internal {

/// Two pipes for stdout and stderr of one process; made by its parent, before the fork.
class StdioPipes {
 public:
  /// Throws std::system_error.
  StdioPipes();

  /// In that process: what it and the programs that it runs print goes into the pipes from now on,
  /// of its own each line at once. Its log stays where it is. Destroy the object thereafter, or
  /// give it to a StdioCapture of the same process.
  void become_stdio();

 private:
  friend class StdioCapture;
  struct Pipe {
    UniqueFd reader;  // Does not block.
    UniqueFd writer;
  };
  static Pipe make_pipe();

  Pipe out_;
  Pipe err_;
};

/// The other end of any number of them. What comes from stdout is logged at level info, from stderr
/// at level warning, under the name of the process that it is of. A pipe that has been read to its
/// end is forgotten; one that a program holds which has outlived its worker is read on.
class StdioCapture {
 public:
  using Key = std::uint64_t;
  /// How the lines of a process are marked.
  struct Source {
    log::ProcessContext context;
    pid_t pid;
  };

  StdioCapture();

  /// Readable when read_lines() has something to do.
  [[nodiscard]] int fd() const noexcept { return epoll_.get(); }

  /// Once the process is forked. Without a source the lines are this process's own.
  void add(Key key, StdioPipes pipes, std::optional<Source> source);

  /// Logs what has come, up to 64 KiB of each stream. Does not block.
  void read_lines();

  /// The process has ended: logs its last words, with or without the end of a line.
  void finish(Key key);

 private:
  struct Stream {
    Key key;
    std::optional<Source> source;
    log::Level level;
    UniqueFd reader;
    LineBuffer lines = {};
    bool ended = false;

    // True if there may be more.
    bool read();
    void log(std::string_view line) const;
    void finish();
  };
  void watch(std::unique_ptr<Stream> stream);
  void forget_ended();

  UniqueFd epoll_;
  std::vector<std::unique_ptr<Stream>> streams_;
};

}  // namespace thane::internal
