// The answer to a request for a file: whole, in parts, or not at all because the client has it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include <thane/unique_fd.hpp>
#include <thane/wsgi/request.hpp>
#include <thane/wsgi/response.hpp>

namespace thane::wsgi {

struct FileOptions {
  /// Empty: by the end of the path's name (media_type()), or "application/octet-stream".
  std::string content_type = {};
  std::string cache_control = {};  ///< Empty: no such field.
  /// Ranges that one request may ask for; with more of them it gets the whole file.
  std::size_t max_ranges = 16;
};

/// Answers GET and HEAD with what is in a file, as RFC 9110 wants it: Content-Length,
/// Last-Modified, ETag and Accept-Ranges; 304 and 412 for conditions, in the order of
/// section 13.2.2; 206 for a range, several of them as multipart/byteranges; 416 if there is
/// nothing in the range. Other methods: 405. 404 for what is not there or no file, 403 for what may
/// not be read.
///
///     router.get("/report", [](wsgi::Request& request) {
///       return wsgi::file_response(request, "/var/lib/shop/report.pdf");
///     });
///
/// The ETag is made of size and time of change. It is weak ("W/") for a file that changed within
/// the last second, because a second change in that time may not show.
///
/// The file is opened once: what is put in its place does no harm. One that becomes shorter while
/// it is sent ends the connection early, so that the client sees it. `path` is taken as it is: it
/// must not come from the client. static_files() is for that.
[[nodiscard]] Response file_response(const Request& request, const std::filesystem::path& path,
                                     const FileOptions& options = {});
/// The same for a file that is open. Throws std::invalid_argument if it is no regular file.
[[nodiscard]] Response file_response(const Request& request, UniqueFd file,
                                     const FileOptions& options = {});

/// The media type for the end of a name: "text/html; charset=utf-8" for "index.html"; empty if it
/// is not a known one. The case of letters does not count.
[[nodiscard]] std::string_view media_type(std::string_view name);

}  // namespace thane::wsgi
