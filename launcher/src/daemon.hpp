// Going on in the background, and telling who waits in the foreground how that went.
#pragma once

#include <memory>
#include <string>

#include <thane/unique_fd.hpp>

#include "unshared_fd.hpp"

namespace thane::internal {

/// The process that has started this one and waits until it is ready.
class Foreground {
 public:
  explicit Foreground(UniqueFd socket) : socket_(std::move(socket)) {}

  /// Lets it end with status 0. Without this call it ends as this process does.
  void tell_ready() noexcept;

 private:
  UnsharedFd socket_;
};

/// Forks twice; returns in the new process alone: in a session of its own that it does not lead, so
/// that it has no terminal and gets none, in a process group of its own, with nothing but /dev/null
/// for standard streams. All other descriptors stay.
///
/// The process that called ends here. It waits for tell_ready() and exits with 0; if the new
/// process ends first, with the status of that, after what has come to `log_file` meanwhile as its
/// message. TERM, INT and QUIT are passed on.
///
/// Throws std::runtime_error before the fork if there is a second thread, no log file, or if this
/// is process 1.
[[nodiscard]] std::unique_ptr<Foreground> daemonize(const std::string& log_file);

}  // namespace thane::internal
