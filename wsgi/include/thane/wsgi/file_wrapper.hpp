// wsgi.file_wrapper of PEP 3333: a file as the body of an answer.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include <thane/unique_fd.hpp>
#include <thane/wsgi/wsgi_application.hpp>

namespace thane::wsgi {

inline constexpr std::size_t default_block = 8192;

/// A body of what is in `file` from its offset on; closes it. A regular file is sent by the kernel
/// where nothing has to be encrypted, and gets a Content-Length if start_response() was given none;
/// one that is shorter than that of start_response() ends the connection. Of anything else, a pipe
/// say, pieces of up to `block` octets are read on a thread of offload(). Throws std::system_error
/// if it is no open file.
///
///     UniqueFd file{::open(path, O_RDONLY | O_CLOEXEC)};
///     start_response("200 OK", {{"Content-Type", "text/plain"}});
///     return wsgi::wrap_file(std::move(file));
[[nodiscard]] Body wrap_file(UniqueFd file, std::size_t block = default_block);

/// The same of what reads like a file: `read` gives up to so many octets, none at the end.
[[nodiscard]] Body wrap_reader(std::function<std::string(std::size_t)> read,
                               std::function<void()> close = nullptr,
                               std::size_t block = default_block);

/// What an environ holds under "wsgi.file_wrapper": wrap_file(), or what a filter has put in its
/// place.
///
///     const auto wrap = *environ.object<wsgi::FileWrapper>("wsgi.file_wrapper");
using FileWrapper = Body (*)(UniqueFd file, std::size_t block);

}  // namespace thane::wsgi
