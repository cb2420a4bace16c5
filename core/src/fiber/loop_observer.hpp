// Who is told what a loop does.
#pragma once

#include <cstdint>

namespace thane::internal {

/// Called on the loop's thread and its own stack.
class LoopObserver {
 public:
  virtual ~LoopObserver() = default;
  LoopObserver() = default;
  LoopObserver(const LoopObserver&) = delete;
  LoopObserver& operator=(const LoopObserver&) = delete;

  /// Fibers are about to run, one or several after one another; `now` is CLOCK_MONOTONIC_COARSE.
  virtual void fibers_begin(std::int64_t now) noexcept = 0;
  /// The loop has control again.
  virtual void fibers_end() noexcept = 0;
};

}  // namespace thane::internal
