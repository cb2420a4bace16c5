// What many tests of the launcher ask of its workers.
#pragma once

#include <sys/types.h>

#include <vector>

#include "child_process.hpp"

namespace thane::testing {

/// Waits until workers 0 .. count-1 are ready; their pids in this order.
std::vector<pid_t> expect_ready(ChildProcess& parent, int count);

/// How often a test repeats what fails rarely: `usual` times, or a multiple of it for a soak:
/// THANE_TEST_REPEAT=20.
[[nodiscard]] int repeated(int usual);

/// True if two descriptors, each of its process, are one open file description.
[[nodiscard]] bool same_open_file(pid_t one, int fd_of_one, pid_t other, int fd_of_other);

}  // namespace thane::testing
