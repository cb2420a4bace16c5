// A kernel that takes a few octets at a time: linked into a program, this is the send() it calls.
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace {

bool is_internet(int fd) {
  int domain = 0;
  socklen_t size = sizeof domain;
  return ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_INET;
}

}  // namespace

extern "C" ssize_t send(int fd, const void* data, std::size_t size, int flags) {
  static unsigned calls = 0;
  if (is_internet(fd)) {
    if (++calls % 4 == 0) {
      errno = EAGAIN;
      return -1;
    }
    size = std::min<std::size_t>(size, 1 + calls % 7);
  }
  return ::sendto(fd, data, size, flags, nullptr, 0);
}
