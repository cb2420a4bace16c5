// What a well-kept process tree sees to: descriptors enough, and who goes first when memory is
// short.
#pragma once

#include <sys/resource.h>

namespace thane::internal {

/// What the parent has open for a worker: two descriptors, twice during a reload; and two more if
/// its standard streams are captured.
enum class DescriptorsEach : int { plain = 4, captured = 8 };

/// The limit on open files that `workers` need, if it is `now` so far: the soft limit is raised as
/// far as needed and never lowered. Throws as the following.
[[nodiscard]] rlimit descriptor_limit_for(int workers, rlimit now,
                                          DescriptorsEach each = DescriptorsEach::plain);

/// Raises the soft limit as far as needed and allowed; throws std::runtime_error with the number
/// needed if the hard limit forbids it.
void ensure_descriptors_for(int workers, DescriptorsEach each = DescriptorsEach::plain);

/// The same for the option max_open_files: the soft limit becomes `wanted`, and the hard one, too,
/// if it is lower. Throws std::runtime_error with the number needed if the workers need more than
/// that.
[[nodiscard]] rlimit descriptor_limit_of(int wanted, int workers, rlimit now,
                                         DescriptorsEach each = DescriptorsEach::plain);

/// Sets that limit; throws std::runtime_error if this process may not.
void set_descriptor_limit(int wanted, int workers, DescriptorsEach each);

/// Writes what was printed through <cstdio> and <iostream> and not written yet: a fork would double
/// it, and _exit() lose it.
void flush_stdio();

/// Called in a worker: makes the kernel's OOM killer prefer it to its parent.
void raise_oom_score() noexcept;

}  // namespace thane::internal
