// What /proc tells about a process, as values.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace thane::testing {

/// 'R', 'S', 'T', 'Z' ... as in /proc/PID/stat; 0 if there is no such process.
[[nodiscard]] char state_of(pid_t pid);
/// False for zombies too.
[[nodiscard]] bool alive(pid_t pid);
[[nodiscard]] bool stopped(pid_t pid);

/// The pids of the processes whose parent is `pid`, in ascending order; zombies among them.
[[nodiscard]] std::vector<pid_t> children_of(pid_t pid);
[[nodiscard]] std::size_t zombies_of(pid_t pid);
/// The same, oldest first and within microseconds: before a newborn has run a line of its own.
[[nodiscard]] std::vector<pid_t> newborns_of(pid_t pid);
/// The pids of the processes of a process group, zombies not among them.
[[nodiscard]] std::vector<pid_t> members_of_group(pid_t group);

/// File descriptor -> what it is, as the kernel names it: "socket:[123]", "/dev/null" ...
/// Empty if there is no such process.
[[nodiscard]] std::map<int, std::string> open_fds(pid_t pid);

/// A line of /proc/PID/status, without its name: status_field(pid, "SigBlk").
[[nodiscard]] std::string status_field(pid_t pid, std::string_view name);
/// True if `signal` is in a mask of /proc/PID/status ("SigBlk", "SigIgn", "SigCgt").
[[nodiscard]] bool signal_in_mask(pid_t pid, std::string_view mask, int signal);

[[nodiscard]] std::vector<std::string> command_line_of(pid_t pid);
/// NAME=value, as the process was given it at exec or has changed it in place.
[[nodiscard]] std::vector<std::string> environment_of(pid_t pid);
[[nodiscard]] std::string read_text(const std::string& path);

/// CPU time used so far by all threads.
[[nodiscard]] std::chrono::nanoseconds cpu_time_of(pid_t pid);
/// How often the threads of the process were put on a CPU after they had given it up themselves.
[[nodiscard]] std::uint64_t wake_ups_of(pid_t pid);
/// The process's part of memory that no file holds, which is what leaks. The rest of its PSS moves
/// with how many other processes happen to share the same libraries.
[[nodiscard]] std::uint64_t anonymous_pss_kib_of(pid_t pid);

}  // namespace thane::testing
