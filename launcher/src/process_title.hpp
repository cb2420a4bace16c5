// What ps and top show of this process.
#pragma once

#include <span>
#include <string_view>

namespace thane::internal {

/// Shows "PROGRAM: TITLE" as the command line of this process. Its short name (15 characters; top,
/// pgrep) is the program's, with what follows "worker " in the title: "shop:web/0" for "worker
/// web/0 draining". A process whose title is no worker's keeps the program's name alone, so that
/// `pkill -HUP -x shop` means the parent and nobody else.
///
/// Costs a copy and a system call; a process forked later begins with its parent's title. Where it
/// cannot be shown, nothing happens.
void set_process_title(std::string_view title) noexcept;

/// Memory of its own that the kernel takes for the command line from now on. What the program and
/// its libraries keep of argv and environ stays as it is. Empty if the kernel refuses, and if a
/// second thread exists: that might grow the heap at the same time.
[[nodiscard]] std::span<char> title_memory_of_its_own() noexcept;

/// The memory of the arguments and the environment that the program was started with, as sendmail
/// and nginx use it. What argv and environ point to is copied elsewhere first; a pointer that
/// getenv() gave earlier would see the title. Empty if it is not known where they are.
[[nodiscard]] std::span<char> title_memory_of_arguments() noexcept;

/// Writes "PROGRAM: TITLE" to one of these, cut if need be.
void write_title(std::span<char> memory, std::string_view title);

}  // namespace thane::internal
