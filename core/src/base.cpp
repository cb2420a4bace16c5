#include <unistd.h>
#include <thane/assert.hpp>
#include <thane/check.hpp>
#include <thane/unique_fd.hpp>

#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace thane {

void UniqueFd::reset(int fd) noexcept {
  if (fd_ >= 0) {
    ::close(fd_);  // Not repeated on EINTR: Linux has closed it by then.
  }
  fd_ = fd;
}

namespace internal {

void assertion_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expression);
  std::abort();
}

void throw_errno(int error, const char* call) {
  throw std::system_error(error, std::generic_category(), call);
}

}  // namespace internal
}  // namespace thane
