// A whole file at once.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace thane::internal {

/// The octets of the file. Does not wait for anybody to write to it if it is a FIFO. Throws
/// std::system_error; is_a_directory if it is one, file_too_large beyond `largest` octets.
[[nodiscard]] std::string read_file(const std::filesystem::path& path, std::size_t largest);

}  // namespace thane::internal
