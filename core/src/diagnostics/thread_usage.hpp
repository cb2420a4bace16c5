// What the kernel knows of a thread's use of the processors.
#pragma once

#include <optional>
#include <thane/unique_fd.hpp>

#include "stall_meter.hpp"

namespace thane::internal {

/// The calling thread's CPU time. Safe in signal handlers.
[[nodiscard]] Nanoseconds thread_cpu_time() noexcept;

/// Reads the usage of the thread that has made it; 2 us.
class ThreadUsageReader {
 public:
  ThreadUsageReader() noexcept;
  /// Nothing where /proc or its file schedstat is missing.
  [[nodiscard]] std::optional<ThreadUsage> read() const noexcept;

 private:
  UniqueFd schedstat_;
};

}  // namespace thane::internal
