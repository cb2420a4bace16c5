// Opening files from fibers, which must not wait for a disk.
#pragma once

#include <cstdint>
#include <string>

#include <thane/unique_fd.hpp>

namespace thane::wsgi::internal {

struct OpenedFile {
  UniqueFd file;
  int error = 0;  ///< errno, if it could not be opened.
};

/// Opens `path` for reading, from the folder `folder` (or AT_FDCWD), with the RESOLVE_ flags of
/// openat2(2). Does it at once if all names on the way are in memory, else on a thread. Does not
/// wait for the writer of a FIFO.
[[nodiscard]] OpenedFile open_file(int folder, const std::string& path, std::uint64_t resolve);

/// 404, 403 or 503: what an error of open_file() is to a client. Throws std::system_error for one
/// that is not about this file.
[[nodiscard]] int status_of_open_error(int error);

}  // namespace thane::wsgi::internal
