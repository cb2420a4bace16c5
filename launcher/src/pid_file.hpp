// The file that says which process a program is, and the lock on it that says whether it is.
#pragma once

#include <string>

#include "unshared_fd.hpp"

namespace thane::internal {

/// Held by the process that the file names, from the constructor to the destructor. It is the lock
/// (flock) that keeps a second one from starting, never what the file says: a pid that was left
/// behind may be anybody's by now, this process's own as well. Workers do not hold the lock.
class PidFile {
 public:
  /// Locks `path` and writes this process's pid to it, in one piece. The file is made if there is
  /// none. Throws std::runtime_error if another process holds it, naming that, or if it cannot be
  /// written.
  explicit PidFile(const std::string& path);
  /// Removes the file if it is still this process's; one in a directory that may not be changed any
  /// more is emptied.
  ~PidFile();
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

 private:
  friend void remove_pid_file() noexcept;
  void remove() noexcept;

  std::string path_;  // Absolute: the directory may change.
  UnsharedFd fd_;
};

/// Removes the file of the PidFile that this process holds, if any: for an end without destructors.
void remove_pid_file() noexcept;

}  // namespace thane::internal
