// A server measured from outside: started, watched through /proc, asked over HTTP, killed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <thane/unique_fd.hpp>

namespace thane::bench {

using Clock = std::chrono::steady_clock;

inline double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// A program in a process group of its own. Its standard error goes to a pipe, and from there
/// nowhere until wait_for_line() is called; the pipe holds all that a measured server writes.
class MeasuredProgram {
 public:
  explicit MeasuredProgram(const std::vector<std::string>& command);
  /// Kills the group, and the children that were its own, and reaps the program.
  ~MeasuredProgram();
  MeasuredProgram(const MeasuredProgram&) = delete;
  MeasuredProgram& operator=(const MeasuredProgram&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// When exec was about to happen.
  [[nodiscard]] Clock::time_point started() const noexcept { return started_; }

  [[nodiscard]] std::vector<pid_t> children() const;
  /// Spins until there are `count` children; throws after `limit`.
  std::vector<pid_t> wait_for_children(std::size_t count,
                                       std::chrono::seconds limit = std::chrono::seconds{20}) const;
  /// Reads standard error up to a line that contains `words`; throws at its end.
  void wait_for_line(const std::string& words);
  void signal(int number) const;
  /// Blocks until the program has ended.
  void wait_exit();

 private:
  Clock::time_point started_;
  pid_t pid_ = -1;
  UniqueFd error_;
  std::string unread_;
};

/// Processes whose end is wanted to the microsecond, no matter whose children they are.
class Watched {
 public:
  explicit Watched(const std::vector<pid_t>& pids);
  /// True once all have ended; false if one has not within `limit`.
  [[nodiscard]] bool all_gone(std::chrono::milliseconds limit) const;

 private:
  std::vector<UniqueFd> pidfds_;
};

/// One GET over a connection of its own; the body, or nothing if nobody listens.
[[nodiscard]] std::optional<std::string> http_get(int port, const std::string& path);
/// A port of the loopback address that was free a moment ago.
[[nodiscard]] int free_port();

[[nodiscard]] long voluntary_switches(pid_t pid);
[[nodiscard]] long pss_kib(pid_t pid);

[[nodiscard]] double median(std::vector<double> values);

}  // namespace thane::bench
