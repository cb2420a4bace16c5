// FiberLocals of a fiber that works for others, or for one after the other.
#pragma once

#include <thane/fiber.hpp>

namespace thane::internal {

/// The calling fiber and `other` exchange all their FiberLocals: what one of them has been given,
/// a request id for its log lines for instance, is then the other's.
void exchange_locals(const Fiber& other) noexcept;

/// The calling fiber is as new: it forgets all its FiberLocals.
void drop_locals() noexcept;

}  // namespace thane::internal
