// A program measured from outside: started, watched through /proc, killed.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <thane/unique_fd.hpp>

namespace thane::bench {

using Clock = std::chrono::steady_clock;

inline double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

struct ProgramOptions {
  std::filesystem::path log;  ///< What it prints is appended to this file.
  rlim_t open_files = 0;      ///< RLIMIT_NOFILE; 0: as many as this process.
  int processor = -1;         ///< That it runs on, and all it starts; -1: any.
  int input = -1;             ///< Its standard input; -1: /dev/null.
  int output = -1;            ///< Its standard output; -1: the log.
};

/// A program in a process group of its own.
class MeasuredProgram {
 public:
  MeasuredProgram(const std::vector<std::string>& command, const ProgramOptions& options);
  /// Kills the group and reaps the program.
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
  void signal(int number) const;
  /// Blocks until the program has ended.
  void wait_exit();
  /// Whether it has ended, or does within `limit`.
  [[nodiscard]] bool ended(std::chrono::milliseconds limit = std::chrono::milliseconds{0});

 private:
  Clock::time_point started_;
  pid_t pid_ = -1;
};

/// From now on a signal that ends this process ends the program first that runs in its own group.
/// One program at a time.
void take_program_along();

/// Processes whose end is wanted to the microsecond, no matter whose children they are.
class Watched {
 public:
  explicit Watched(const std::vector<pid_t>& pids);
  /// True once all have ended; false if one has not within `limit`.
  [[nodiscard]] bool all_gone(std::chrono::milliseconds limit) const;

 private:
  std::vector<UniqueFd> pidfds_;
};

[[nodiscard]] long voluntary_switches(pid_t pid);
/// Makes this process run on that processor alone.
void pin(int processor);
/// Time on a processor since the process began; of its first thread.
[[nodiscard]] double cpu_milliseconds(pid_t pid);
/// The same of all threads that there are, and of the processes that it has started.
[[nodiscard]] double tree_cpu_milliseconds(pid_t pid);
[[nodiscard]] long pss_kib(pid_t pid);

struct Memory {
  long rss_kib = 0;        ///< With the pages of files, which others may have in use as well.
  long pss_kib = 0;        ///< With its share of those.
  long anonymous_kib = 0;  ///< What no other process and no file has.
};
[[nodiscard]] Memory memory_of(pid_t pid);
/// With that of the processes that it has started.
[[nodiscard]] long tree_pss_kib(pid_t pid);

}  // namespace thane::bench
