// One fiber working for another, with its FiberLocals.
#pragma once

#include <thane/fiber.hpp>

namespace thane::internal {

/// The calling fiber and `other` exchange all their FiberLocals: what one of them has been given,
/// a request id for its log lines for instance, is then the other's.
void exchange_locals(const Fiber& other) noexcept;

}  // namespace thane::internal
