// Directories of a user's own, for what the processes of a machine share.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace thane::internal {

/// /run/NAME for root, $XDG_RUNTIME_DIR/NAME, else /tmp/NAME-UID.
[[nodiscard]] std::string runtime_directory(std::string_view name);

/// Makes it, with mode 0700, if it is not there; what root makes is given to `owner`. Returns whose
/// it is. Throws std::runtime_error if it is another user's, or others may write to it;
/// std::system_error.
uid_t make_private_directory(const std::string& path, std::optional<uid_t> owner = std::nullopt);

/// What root has made for a process of another user is made that user's.
void give_to(const std::string& path, uid_t owner);

}  // namespace thane::internal
