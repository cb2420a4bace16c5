#include "unshared_fd.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace thane::internal {

namespace {

// Of the process, as the table of its descriptors is.
std::vector<int>& unshared() {
  static std::vector<int>& list = []() -> std::vector<int>& {
    ::pthread_atfork(nullptr, nullptr, [] {
      std::ranges::for_each(unshared(), ::close);
      unshared().clear();
    });
    return *new std::vector<int>;
  }();
  return list;
}

}  // namespace

UnsharedFd::UnsharedFd(UniqueFd fd) : fd_(std::move(fd)), owner_(::getpid()) {
  if (fd_) unshared().push_back(fd_.get());
}

UnsharedFd::~UnsharedFd() {
  if (is_here()) {
    std::erase(unshared(), fd_.get());
  } else {
    (void)fd_.release();  // Closed by the fork; the number may be another file's by now.
  }
}

bool UnsharedFd::is_here() const noexcept {
  return fd_ && owner_ == ::getpid();
}

}  // namespace thane::internal
