// Paths of Paste files, by their text alone, as Python's os.path has them.
#pragma once

#include <string>
#include <string_view>

namespace thane::wsgi::internal {

/// What `path` means in `working_directory`, without "." and ".." and doubled slashes. Symbolic
/// links are not looked at.
[[nodiscard]] std::string absolute_path(std::string_view path, std::string_view working_directory);

/// What stands before the last slash; "/" for what is in the root, empty if there is no slash.
[[nodiscard]] std::string directory_of(std::string_view path);

}  // namespace thane::wsgi::internal
