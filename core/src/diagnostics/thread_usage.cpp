#include "thread_usage.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace thane::internal {

Nanoseconds thread_cpu_time() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds{time.tv_sec} + Nanoseconds{time.tv_nsec};
}

ThreadUsageReader::ThreadUsageReader() noexcept
    : schedstat_(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {}

// "308656 510644 8": nanoseconds on a processor, nanoseconds in its queue, how many times.
std::optional<ThreadUsage> ThreadUsageReader::read() const noexcept {
  std::array<char, 100> text;
  const ssize_t size = ::pread(schedstat_.get(), text.data(), text.size(), 0);
  rusage usage{};
  if (size <= 0 || ::getrusage(RUSAGE_THREAD, &usage) != 0) {
    return std::nullopt;
  }
  const std::string_view line{text.data(), static_cast<std::size_t>(size)};
  const std::string_view queued = line.substr(line.find(' ') + 1);
  std::int64_t starved = 0;
  if (std::from_chars(queued.data(), queued.data() + queued.size(), starved).ec != std::errc{}) {
    return std::nullopt;
  }
  return ThreadUsage{thread_cpu_time(), Nanoseconds{starved},
                     static_cast<std::uint64_t>(usage.ru_nvcsw)};
}

}  // namespace thane::internal
