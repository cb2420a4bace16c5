// A program under test, watched from outside: its output line by line, its signals, its end.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "eventually.hpp"

namespace thane::testing {

/// How a process ended: by itself with a status, or by a signal.
struct Exit {
  int code = 0;
  int signal = 0;
  friend bool operator==(const Exit&, const Exit&) = default;
};
std::ostream& operator<<(std::ostream& stream, const Exit& exit);

struct ResourceLimit {
  int resource;  ///< RLIMIT_NOFILE ...
  rlim_t value;  ///< Soft and hard.
};

struct InheritedFd {
  int target;  ///< Its number in the program; not below 3.
  int source;  ///< Ours; may be close-on-exec.
};

enum class Terminal {
  none,
  controlling,  ///< Session leader on a terminal of its own, which is standard input.
};

struct ChildOptions {
  std::vector<std::string> environment = {};  ///< "NAME=value" sets, "NAME" alone removes.
  std::string directory = {};                 ///< Working directory; empty: ours.
  std::vector<ResourceLimit> limits = {};
  std::vector<InheritedFd> fds = {};
  std::vector<int> blocked_signals = {};  ///< In the mask that it starts with.
  std::vector<int> ignored_signals = {};
  Terminal terminal = Terminal::none;
  std::size_t pipe_size = 1024 * 1024;  ///< How much output fits until the test reads it.
};

/// Runs a program in a process group of its own, with the default signal mask and dispositions
/// unless told otherwise, no standard input, and stdout and stderr captured together. A line is
/// matched by its message: what stands before the message in a log line (time, level, pid, worker)
/// is passed over.
///
///     ChildProcess parent{EXAMPLES_DIR "/ticker", {"--workers", "2"}};
///     const pid_t worker = std::stoi(parent.expect_line("worker 0 ready pid="));
///     parent.signal(SIGTERM);
///     CHECK(parent.wait_exit() == Exit{.code = 0});
///
/// Each wait ends after patience() and fails the test with all the output there was.
class ChildProcess {
 public:
  /// Throws std::system_error if the program cannot be run.
  ChildProcess(std::string program, std::vector<std::string> arguments,
               const ChildOptions& options = {});
  /// Kills the whole process group and reaps the child.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t pid() const noexcept;

  /// Waits for a line whose message begins with `prefix`, consumes it and returns the rest of it.
  /// Other lines stay for later calls: what concurrent workers print has no order to rely on.
  std::string expect_line(std::string_view prefix);
  /// The same for a line that ends with a pid.
  pid_t expect_pid(std::string_view prefix);

  /// Reads to the end of the output: is there an unconsumed line that begins with `prefix`?
  [[nodiscard]] bool printed(std::string_view prefix);
  /// The same for what has come so far.
  [[nodiscard]] bool printed_so_far(std::string_view prefix);
  /// How many lines that begin with `prefix` have come so far, consumed ones among them.
  [[nodiscard]] std::size_t count_so_far(std::string_view prefix);
  /// The messages of all lines so far.
  [[nodiscard]] std::vector<std::string> messages_so_far();

  void signal(int number) const;
  void signal_group(int number) const;

  /// Waits until the program has ended, reading its output meanwhile.
  Exit wait_exit();
  /// True if it has not ended yet.
  [[nodiscard]] bool running();

  void close_output();                     ///< The reader of its output is gone: writes give EPIPE.
  void type(std::string_view text) const;  ///< Into its terminal; "\x03" is Ctrl-C.
  void hang_up();                          ///< Its terminal is gone: the kernel sends SIGHUP.

 private:
  struct Program;
  std::unique_ptr<Program> program_;
};

/// The message of an output line: what follows "TIME LEVEL PID ...: ", or the whole line.
[[nodiscard]] std::string_view message_of(std::string_view line);

}  // namespace thane::testing
