// What a fiber that waits for long does not need of its stack.
#pragma once

#include <thane/fiber.hpp>

namespace thane::internal {

/// Gives the pages of the fiber's stack back to the kernel that its deepest calls have left behind;
/// those that it waits in stay. Of use where many fibers wait for seconds: to do it costs a system
/// call, and a page fault for each page that is used again. Does nothing for a fiber that runs, has
/// ended or has not begun.
void release_unused_stack(const Fiber& fiber) noexcept;

}  // namespace thane::internal
