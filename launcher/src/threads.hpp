// How many threads this process has: what it may do before a fork depends on it.
#pragma once

namespace thane::internal {

/// True if there is a thread besides the one of main(); those of sanitizers do not count. A lock
/// that such a thread holds at fork() is locked for ever in the new process.
[[nodiscard]] bool has_second_thread();

}  // namespace thane::internal
