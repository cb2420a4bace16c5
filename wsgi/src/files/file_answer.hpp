// The answer for a file that is open.
#pragma once

#include <sys/stat.h>

#include <string>

#include <thane/unique_fd.hpp>
#include <thane/wsgi/file_response.hpp>

#include "preconditions.hpp"

namespace thane::wsgi::internal {

/// What is known of a file from `status`, at time `now`.
[[nodiscard]] Validators validators_of(const struct stat& status, const timespec& now);

/// `status` is the file's, and says that it is a regular one; the method is GET or HEAD.
[[nodiscard]] Response answer_with_file(const Request& request, UniqueFd file,
                                        const struct stat& status, const FileOptions& options);

/// 405, with the methods that files have.
[[nodiscard]] Response only_to_be_read();

[[nodiscard]] inline bool may_read(const Request& request) {
  return request.method() == "GET" || request.method() == "HEAD";
}

}  // namespace thane::wsgi::internal
