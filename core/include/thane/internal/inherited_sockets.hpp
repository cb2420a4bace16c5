// Sockets that a service manager has opened for this program: LISTEN_FDS of sd_listen_fds(3).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <thane/unique_fd.hpp>

namespace thane::internal {

/// The environment variables; empty: not set.
struct ListenVariables {
  std::optional<std::string> pid;    ///< LISTEN_PID: whom the others are meant for.
  std::optional<std::string> fds;    ///< LISTEN_FDS: how many, from descriptor 3 up.
  std::optional<std::string> names;  ///< LISTEN_FDNAMES: their names, with colons between them.
};

/// The names of descriptors 3, 4 ... that `self` has inherited. "unknown" where there is none, as
/// systemd calls it. Empty if they are meant for another process, or if there are none. Throws
/// std::runtime_error if the variables make no sense.
[[nodiscard]] std::vector<std::string> names_of_inherited(const ListenVariables& variables,
                                                          pid_t self);

/// Reads the environment, once in the life of the process, and makes what it names close-on-exec.
/// To be called by whoever removes the variables.
void note_inherited_sockets();

/// The first socket of this name that nobody has taken. Throws std::runtime_error with the names
/// that there are if there is none.
[[nodiscard]] UniqueFd take_inherited_socket(std::string_view name);

/// When all who wanted one have taken it: closes the rest, and logs a warning for each.
void close_unused_inherited_sockets();

}  // namespace thane::internal
