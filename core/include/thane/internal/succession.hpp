// Who removes what was made: the process that made it, or the one that goes on in its place.
#pragma once

#include <sys/types.h>

namespace thane::internal {

/// To be called in the process that takes the place of `predecessor`, a program that goes on in the
/// background: what that has made is this one's to remove from now on, and nobody else's.
void succeed(pid_t predecessor) noexcept;

/// True if what the process `maker` has made is for this one to remove. Not so in workers.
[[nodiscard]] bool is_ours(pid_t maker) noexcept;

}  // namespace thane::internal
