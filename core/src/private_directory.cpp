#include <thane/internal/private_directory.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include <thane/check.hpp>

namespace thane::internal {

namespace {

// The owner of a directory that nobody else may write to.
uid_t check_directory(const std::string& path) {
  struct stat status {};
  check(::lstat(path.c_str(), &status), ("lstat " + path).c_str());
  if (!S_ISDIR(status.st_mode)) throw std::runtime_error(path + " is no directory");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    throw std::runtime_error(path + " cannot be trusted: others may write to it");
  }
  if (status.st_uid != ::geteuid() && status.st_uid != 0 && ::geteuid() != 0) {
    throw std::runtime_error(path + " belongs to another user");
  }
  return status.st_uid;
}

}  // namespace

std::string runtime_directory(std::string_view name) {
  const std::string last{name};
  if (::geteuid() == 0) return "/run/" + last;
  const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && runtime[0] == '/') return std::string{runtime} + "/" + last;
  return "/tmp/" + last + "-" + std::to_string(::geteuid());
}

uid_t make_private_directory(const std::string& path, std::optional<uid_t> owner) {
  if (::mkdir(path.c_str(), S_IRWXU) == 0) {
    if (owner) give_to(path, *owner);
  } else if (errno != EEXIST) {
    throw std::system_error(errno, std::generic_category(), "cannot make " + path);
  }
  return check_directory(path);
}

void give_to(const std::string& path, uid_t owner) {
  if (::geteuid() == 0 && owner != 0) {
    check(::lchown(path.c_str(), owner, static_cast<gid_t>(-1)), ("chown " + path).c_str());
  }
}

}  // namespace thane::internal
