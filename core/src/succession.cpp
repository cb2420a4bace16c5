#include <thane/internal/succession.hpp>

#include <unistd.h>

namespace thane::internal {

namespace {

// Of the process, as its pid is.
pid_t preceded_by = 0;
pid_t successor = 0;

}  // namespace

void succeed(pid_t predecessor) noexcept {
  preceded_by = predecessor;
  successor = ::getpid();
}

bool is_ours(pid_t maker) noexcept {
  // Asked first: a worker may have been given the pid of the predecessor, which is gone.
  if (preceded_by != 0 && maker == preceded_by) {
    return ::getpid() == successor;
  }
  return maker == ::getpid();
}

}  // namespace thane::internal
