// Who the process is: finding what the options `user` and `group` name, and giving up the rest.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace thane::internal {

/// The user and group to become; a value.
struct Identity {
  uid_t user = 0;
  gid_t group = 0;
  std::string user_option = {};   ///< As it was asked for; empty: whoever this process is already.
  std::string group_option = {};  ///< The same; empty: the user's own group.
  std::string name = {};  ///< As the user database has it; empty: it does not know the user.
  std::string home = {};
};

/// Looks up names or numbers; nothing if both are empty. Throws std::runtime_error that names the
/// option, its value and what to do, if one is unknown.
[[nodiscard]] std::optional<Identity> find_identity(const std::string& user,
                                                    const std::string& group);

/// Becomes the user, with this group and the groups that the user database gives him besides, and
/// gives up all capabilities; then looks whether that is so. HOME, USER and LOGNAME follow. Does
/// nothing if the process is all that already; throws std::runtime_error if it may not become it.
void become(const Identity& identity);

/// Gives the user a log file that belongs to this process's user, so that it can be opened again
/// later on. Only a plain file with one name is given away: whoever may write to the directory must
/// not get a file of somebody else by a link.
void hand_over_log(const std::string& path, const Identity& identity) noexcept;

}  // namespace thane::internal
