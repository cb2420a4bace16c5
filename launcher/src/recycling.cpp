#include "recycling.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdio>

#include <thane/unique_fd.hpp>

namespace thane::internal {

std::string Recycling::passed(std::uint64_t requests, Duration age, std::uint64_t rss_kib) const {
  if (limits_.requests > 0 && requests >= limits_.requests) {
    return fmt::format("max_requests ({})", limits_.requests);
  }
  if (limits_.lifetime > Duration::zero() && age >= limits_.lifetime) {
    return fmt::format("max_lifetime ({:.0f}s)",
                       std::chrono::duration<double>(limits_.lifetime).count());
  }
  if (limits_.rss_kib > 0 && rss_kib > limits_.rss_kib) {
    return fmt::format("max_rss ({} MiB, it has {})", limits_.rss_kib / 1024, rss_kib / 1024);
  }
  return {};
}

std::uint64_t resident_kib() noexcept {
  const UniqueFd file{::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)};
  std::array<char, 128> text{};
  std::uint64_t pages = 0;
  if (!file || ::read(file.get(), text.data(), text.size() - 1) <= 0 ||
      std::sscanf(text.data(), "%*u %" SCNu64, &pages) != 1) {
    return 0;
  }
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 1024;
}

}  // namespace thane::internal
