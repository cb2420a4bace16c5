// What the kernel knows of a worker: the processor time it has had, and whether memory ran out.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hang_watch.hpp"

namespace thane::internal {

/// Processor time and state of a process that has not been reaped; zero and not runnable where the
/// kernel does not tell. (Its own count of time spent waiting for a processor, run_delay, grows
/// only when the wait is over, so it says nothing of a process that is still kept waiting.)
[[nodiscard]] Pulse pulse_of(pid_t pid) noexcept;

/// The number behind `name` in lines of "name number", as in a cgroup's memory.events.
[[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view lines, std::string_view name);

/// Tells whether the kernel has killed a process of our control group for want of memory. Knows
/// version 2 of control groups; elsewhere it never has.
class OomWatch {
 public:
  OomWatch();
  /// True if it has since the last call.
  [[nodiscard]] bool happened() noexcept;

 private:
  [[nodiscard]] std::uint64_t count() const noexcept;

  std::string events_;  // A path; empty: unknown.
  std::uint64_t seen_ = 0;
};

}  // namespace thane::internal
