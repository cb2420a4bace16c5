// Reading files from fibers, which must not wait for a disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace thane::wsgi::internal {

/// So much of a file is read, or handed to the kernel, before other fibers have their turn.
inline constexpr std::size_t file_piece = 64 * 1024;

/// Octets from `offset` on: at least one and at most `size`; none at the end of the file. Reads
/// what is in memory at once and the rest on a thread. Throws std::system_error.
[[nodiscard]] std::string read_piece(int fd, std::uint64_t offset, std::size_t size);

/// Sees to it that these octets are in memory, so that the kernel can send them without waiting for
/// a disk. Throws std::system_error.
void have_in_memory(int fd, std::uint64_t offset, std::size_t size);

}  // namespace thane::wsgi::internal
