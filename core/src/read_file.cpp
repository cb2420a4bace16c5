#include <thane/internal/read_file.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <system_error>
#include <thane/check.hpp>
#include <thane/unique_fd.hpp>

namespace thane::internal {

std::string read_file(const std::filesystem::path& path, std::size_t largest) {
  // Non-blocking: the path may be a FIFO that nobody writes to.
  const UniqueFd fd{check(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK), "open")};
  std::string text;
  std::array<char, 16384> buffer{};
  for (;;) {
    const auto n =
        check_retry([&] { return ::read(fd.get(), buffer.data(), buffer.size()); }, "read");
    if (n == 0) {
      return text;
    }
    text.append(buffer.data(), static_cast<std::size_t>(n));
    if (text.size() > largest) {
      throw std::system_error(std::make_error_code(std::errc::file_too_large), "read");
    }
  }
}

}  // namespace thane::internal
