#include "pid_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string_view>

namespace thane::internal {

namespace {

// The one that this process holds; a process has one launcher at a time.
PidFile* held = nullptr;

[[noreturn]] void refuse(const std::string& path, std::string_view why) {
  throw std::runtime_error(fmt::format("pid_file = {}: {}", path, why));
}

// True if the file is still where it was opened: whoever held it may have removed it meanwhile.
bool is_at(const std::string& path, int fd) noexcept {
  struct stat there {};
  struct stat here {};
  return ::lstat(path.c_str(), &there) == 0 && ::fstat(fd, &here) == 0 &&
         there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

// Without O_CREAT where there is a file: in a directory like /tmp the kernel would refuse to open
// that of another user so, even for root.
UniqueFd open_or_make(const std::string& path) {
  constexpr int flags = O_RDWR | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
  UniqueFd fd{::open(path.c_str(), flags)};
  if (!fd && errno == ENOENT) {
    fd.reset(::open(path.c_str(), flags | O_CREAT | O_EXCL, 0644));
    if (fd) ::fchmod(fd.get(), 0644);  // Whatever the umask: others are to read it.
  }
  return fd;
}

constexpr std::string_view digits = "0123456789";
// NUL is what a file system may leave where the machine went down.
constexpr std::string_view blanks{"\n\r\t \0", 5};
constexpr std::size_t longest = 64;  // Nothing that a program has written about its pid is longer.

std::string text_in(int fd) {
  std::string text(longest, '\0');
  text.resize(
      static_cast<std::size_t>(std::max(::pread(fd, text.data(), text.size(), 0), ssize_t{0})));
  return text;
}

// Who has the lock, in his own words; 0: he has not said.
pid_t holder(int fd) {
  const std::string text = text_in(fd);
  pid_t pid = 0;
  std::from_chars(text.data(), text.data() + text.size(), pid);
  return pid;
}

bool is_gone(pid_t pid) noexcept {
  return ::kill(pid, 0) != 0 && errno == ESRCH;
}

// A process that was killed may have forked another in its last moment, which has yet to close its
// copy of the descriptor. So one that is gone is given this time, and one that lives none.
constexpr int attempts_for_the_gone = 100;
constexpr timespec between_attempts{0, 10'000'000};

void lock(const std::string& path, int fd) {
  for (int attempts = 1; ::flock(fd, LOCK_EX | LOCK_NB) != 0; ++attempts) {
    if (errno != EWOULDBLOCK) {
      refuse(path, fmt::format("cannot be locked: {}", std::strerror(errno)));
    }
    const pid_t pid = holder(fd);
    const bool gone = pid > 0 && is_gone(pid);
    if (!gone || attempts == attempts_for_the_gone) {
      const std::string who = pid > 0 && !gone ? fmt::format("process {} runs and", pid)
                                               : std::string{"another process"};
      refuse(path, fmt::format("{} holds it; stop that first, or name another file", who));
    }
    ::nanosleep(&between_attempts, nullptr);
  }
}

// A name that was mistyped must not cost what is in that file.
void expect_pid_file(const std::string& path, int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink > 1) {
    refuse(path, "is no plain file with a single name; name another");
  }
  if (status.st_size >= static_cast<off_t>(longest) ||
      text_in(fd).find_first_not_of(std::string{digits}.append(blanks)) != std::string::npos) {
    refuse(path, "holds something else than the number of a process; name another");
  }
}

// In the file's place at once: whoever reads sees the old pid or the new one as the first line, and
// never half of one.
void write_pid(const std::string& path, int fd) {
  std::string text = fmt::format("{}\n", ::getpid());
  const auto size = text.size();
  text.resize(std::max(size, text_in(fd).size()), '\n');
  if (::pwrite(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()) ||
      ::ftruncate(fd, static_cast<off_t>(size)) != 0) {
    refuse(path, fmt::format("cannot be written: {}", std::strerror(errno)));
  }
}

UniqueFd take(const std::string& path) {
  for (;;) {
    UniqueFd fd = open_or_make(path);
    if (!fd) {
      if (errno == EEXIST) continue;  // Made by another process in between.
      refuse(path, errno == ELOOP ? "is a symbolic link; name the file itself"
                                  : fmt::format("cannot be opened: {}", std::strerror(errno)));
    }
    expect_pid_file(path, fd.get());
    lock(path, fd.get());
    if (is_at(path, fd.get())) {
      write_pid(path, fd.get());
      return fd;
    }
  }
}

}  // namespace

PidFile::PidFile(const std::string& path)
    : path_(std::filesystem::absolute(path)), fd_(take(path)) {
  held = this;
}

PidFile::~PidFile() {
  remove();
}

void PidFile::remove() noexcept {
  if (held == this) held = nullptr;
  if (fd_.is_here() && is_at(path_, fd_.get()) && ::unlink(path_.c_str()) != 0) {
    static_cast<void>(!::ftruncate(fd_.get(), 0));
  }
}

void remove_pid_file() noexcept {
  if (held != nullptr) held->remove();
}

}  // namespace thane::internal
