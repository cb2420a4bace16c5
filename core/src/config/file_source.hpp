// Options from INI files.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "assignment.hpp"

namespace thane::internal {

/// The whole file. Throws config_error if it cannot be read or is larger than 4 MiB.
[[nodiscard]] std::string read_config_file(const std::filesystem::path& path,
                                           const std::string& shown);

/// The *.conf files of a directory by name. Throws config_error if it cannot be read.
[[nodiscard]] std::vector<std::string> config_files_in(const std::filesystem::path& directory,
                                                       const std::string& shown);

/// What the text of a file says about the registered options. Throws config_error for bad syntax
/// and for unknown names. `shown` is the name of the file in messages.
[[nodiscard]] Layer layer_from_ini(const OptRegistry& registry, std::string_view text,
                                   const std::string& shown, Warnings& warnings);

}  // namespace thane::internal
