// A descriptor that stays with one process.
#pragma once

#include <sys/types.h>

#include <thane/unique_fd.hpp>

namespace thane::internal {

/// Owns a descriptor that no process forked from this one keeps, whoever forks it: a lock that goes
/// with a descriptor must not outlive its owner in a worker, nor in what a service forks. As all
/// descriptors it is close-on-exec besides.
class UnsharedFd {
 public:
  explicit UnsharedFd(UniqueFd fd);
  ~UnsharedFd();
  UnsharedFd(const UnsharedFd&) = delete;
  UnsharedFd& operator=(const UnsharedFd&) = delete;

  [[nodiscard]] int get() const noexcept { return fd_.get(); }
  /// False in a process that was forked: it has no copy.
  [[nodiscard]] bool is_here() const noexcept;

 private:
  UniqueFd fd_;
  pid_t owner_;
};

}  // namespace thane::internal
