#include "process_state.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cinttypes>
#include <cstdio>

#include <thane/unique_fd.hpp>

namespace thane::internal {

namespace {

// The beginning of a small file; empty if it cannot be read.
std::string_view read_small(const char* path, std::array<char, 1024>& buffer) noexcept {
  const UniqueFd file{::open(path, O_RDONLY | O_CLOEXEC)};
  const ssize_t size = file ? ::read(file.get(), buffer.data(), buffer.size() - 1) : -1;
  if (size <= 0) {
    return {};
  }
  buffer[static_cast<std::size_t>(size)] = '\0';
  return {buffer.data(), static_cast<std::size_t>(size)};
}

}  // namespace

Pulse pulse_of(pid_t pid) noexcept {
  std::array<char, 64> path{};
  std::array<char, 1024> buffer;
  std::snprintf(path.data(), path.size(), "/proc/%d/schedstat", pid);
  std::uint64_t on_cpu = 0;
  if (read_small(path.data(), buffer).empty() ||
      std::sscanf(buffer.data(), "%" SCNu64, &on_cpu) != 1) {
    return {};
  }
  std::snprintf(path.data(), path.size(), "/proc/%d/stat", pid);
  const std::string_view stat = read_small(path.data(), buffer);
  const std::size_t name_end = stat.rfind(')');  // The name itself may hold anything.
  const bool runnable = name_end != stat.npos && stat.substr(name_end).starts_with(") R");
  return {.on_cpu = std::chrono::nanoseconds{on_cpu}, .runnable = runnable};
}

std::optional<std::uint64_t> number_of(std::string_view lines, std::string_view name) {
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    if (line.size() > name.size() + 1 && line.starts_with(name) && line[name.size()] == ' ') {
      const std::string_view digits = line.substr(name.size() + 1);
      std::uint64_t number = 0;
      if (std::from_chars(digits.begin(), digits.end(), number).ec == std::errc{}) {
        return number;
      }
    }
  }
  return std::nullopt;
}

OomWatch::OomWatch() {
  std::array<char, 1024> buffer;
  const std::string_view groups = read_small("/proc/self/cgroup", buffer);
  constexpr std::string_view version_2 = "0::";
  const std::string_view line = groups.substr(0, groups.find('\n'));
  if (line.starts_with(version_2)) {
    events_ = fmt::format("/sys/fs/cgroup{}/memory.events", line.substr(version_2.size()));
    seen_ = count();
  }
}

bool OomWatch::happened() noexcept {
  const std::uint64_t before = seen_;
  seen_ = count();
  return seen_ > before;
}

std::uint64_t OomWatch::count() const noexcept {
  std::array<char, 1024> buffer;
  return events_.empty() ? 0
                         : number_of(read_small(events_.c_str(), buffer), "oom_kill").value_or(0);
}

}  // namespace thane::internal
