#include "read_piece.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <thane/check.hpp>
#include <thane/offload.hpp>

namespace thane::wsgi::internal {

namespace {

// What is in the page cache; -1 if that would mean to wait, and where the file system cannot tell.
ssize_t read_from_memory(int fd, std::uint64_t offset, char* to, std::size_t size) {
  const iovec part{to, size};
  return ::preadv2(fd, &part, 1, static_cast<off_t>(offset), RWF_NOWAIT);
}

std::size_t read_from_disk(int fd, std::uint64_t offset, char* to, std::size_t size) {
  return static_cast<std::size_t>(
      check_retry([&] { return ::pread(fd, to, size, static_cast<off_t>(offset)); }, "pread"));
}

}  // namespace

std::string read_piece(int fd, std::uint64_t offset, std::size_t size) {
  std::string octets(size, '\0');
  const ssize_t count = read_from_memory(fd, offset, octets.data(), size);
  octets.resize(count >= 0 ? static_cast<std::size_t>(count) : offload([&] {
    return read_from_disk(fd, offset, octets.data(), size);
  }));
  return octets;
}

// The last octet stands for all of them: files are read ahead, from front to back. Where a page in
// between was dropped meanwhile, the kernel waits for that one page.
void have_in_memory(int fd, std::uint64_t offset, std::size_t size) {
  char last = 0;
  if (size == 0 || read_from_memory(fd, offset + size - 1, &last, 1) >= 0) return;
  offload([&] {
    std::array<char, 16384> octets;
    for (std::size_t done = 0; done < size;) {
      const auto count = read_from_disk(fd, offset + done, octets.data(), octets.size());
      if (count == 0) return;  // Whoever sends it will notice.
      done += count;
    }
  });
}

}  // namespace thane::wsgi::internal
