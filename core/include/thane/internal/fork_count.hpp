// Tells a process from those it comes from, without a system call.
#pragma once

namespace thane::internal {

/// How often fork(2) has made this process and those it comes from: what was remembered with
/// another count belongs to an ancestor. Any thread.
[[nodiscard]] unsigned fork_count() noexcept;

}  // namespace thane::internal
