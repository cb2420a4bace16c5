// A program that goes on in the background, of which a test knows its pid file and its log.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "child_process.hpp"
#include "temporary_directory.hpp"

namespace thane::testing {

/// Starts programs with --daemonize, one at a time. The destructor kills what is left.
class Daemon {
 public:
  Daemon() = default;
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// What the command ended with, and what it printed.
  struct Started {
    Exit exit;
    std::vector<std::string> printed;
  };
  Started start(const std::string& program, const std::vector<std::string>& arguments,
                const ChildOptions& options = {});
  /// `arguments` with --daemonize and the files.
  [[nodiscard]] std::vector<std::string> with(std::vector<std::string> arguments) const;

  /// From the pid file; 0 if there is none.
  [[nodiscard]] pid_t pid() const;
  [[nodiscard]] std::string log() const;
  /// True once this is in the log.
  [[nodiscard]] bool logs(const std::string& text) const;
  /// Sends the signal and waits until the process is gone.
  [[nodiscard]] bool ends_by(int number) const;

  [[nodiscard]] std::string pid_file() const { return files_.file("daemon.pid"); }
  [[nodiscard]] std::string log_file() const { return files_.file("daemon.log"); }
  [[nodiscard]] const TemporaryDirectory& files() const { return files_; }

 private:
  TemporaryDirectory files_;
};

}  // namespace thane::testing
