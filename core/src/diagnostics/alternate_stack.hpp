// A stack for the signal handlers of one thread.
#pragma once

#include <signal.h>

#include <cstddef>

namespace thane::internal {

/// While it exists, handlers with SA_ONSTACK have room on this thread even where its own stack, or
/// that of the fiber that runs, has none. A thread that has a large enough one keeps that; where
/// there is no memory for one, it goes without.
class AlternateStack {
 public:
  AlternateStack() noexcept;
  ~AlternateStack();
  AlternateStack(const AlternateStack&) = delete;
  AlternateStack& operator=(const AlternateStack&) = delete;

  /// For a stack to be followed and named. Memory that is not touched costs nothing.
  static constexpr std::size_t size = std::size_t{256} * 1024;

 private:
  void* mapped_ = nullptr;  // Null: the thread had one.
  std::size_t mapped_size_ = 0;
  stack_t before_ = {};
};

}  // namespace thane::internal
