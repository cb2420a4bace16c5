#include "open_file.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <thane/offload.hpp>

namespace thane::wsgi::internal {

namespace {

// A descriptor, or errno as a negative number.
int try_open(int folder, const char* path, std::uint64_t resolve) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = resolve;
  const auto fd = ::syscall(SYS_openat2, folder, path, &how, sizeof how);
  return fd >= 0 ? static_cast<int>(fd) : -errno;
}

// Where a folder on the way is renamed just then, the kernel may be unable to say that the way
// stays below `folder`; it is asked again.
constexpr int most_tries = 16;

int open_on_thread(int folder, const char* path, std::uint64_t resolve) {
  int result = -EAGAIN;
  for (int tries = 0; tries < most_tries && (result == -EAGAIN || result == -EINTR); ++tries) {
    result = try_open(folder, path, resolve);
  }
  return result;
}

}  // namespace

OpenedFile open_file(int folder, const std::string& path, std::uint64_t resolve) {
  int result = try_open(folder, path.c_str(), resolve | RESOLVE_CACHED);
  // EINVAL: before Linux 5.12 nobody could ask whether it would have to wait.
  if (result == -EAGAIN || result == -EINVAL || result == -EINTR) {
    result = offload([&] { return open_on_thread(folder, path.c_str(), resolve); });
  }
  if (result < 0) return {UniqueFd{}, -result};
  return {UniqueFd{result}, 0};
}

int status_of_open_error(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case EXDEV:  // The way leads out of the folder.
    case ENAMETOOLONG:
    case ENXIO:  // A socket.
    case ENODEV:
      return 404;
    case EACCES:
    case EPERM:
      return 403;
    case EAGAIN:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return 503;
    default:
      throw std::system_error(error, std::generic_category(), "cannot open a file");
  }
}

}  // namespace thane::wsgi::internal
