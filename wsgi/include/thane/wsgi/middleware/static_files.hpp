// A folder of files as an application.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <thane/wsgi/application.hpp>
#include <thane/wsgi/settings.hpp>

namespace thane::wsgi {

struct StaticFilesOptions {
  enum class Links : std::uint8_t {
    within,    ///< Symbolic links are followed if they are relative and stay below the root.
    anywhere,  ///< All of them are.
  };
  enum class Dotfiles : std::uint8_t { hidden, shown };

  std::filesystem::path root = {};   ///< Has to be there when the application is made.
  std::string index = "index.html";  ///< What a folder is answered with; empty: with 404.
  std::string cache_control = {};    ///< Value of Cache-Control; empty: no such field.
  /// For names that media_type() does not know.
  std::string default_type = "application/octet-stream";
  Links links = Links::within;
  Dotfiles dotfiles = Dotfiles::hidden;  ///< Names that begin with a dot.
};

/// Answers with the file below `root` that the path names, as file_response() does. To be mounted
/// where its URLs begin: it looks at Request::path() alone.
///
///     urlmap.add("/static", wsgi::static_files({.root = "/usr/share/shop", .cache_control =
///     "max-age=3600"}));
///
/// No path leads out of the root: what it decodes to is opened by the kernel under that rule
/// (RESOLVE_BENEATH), and "..", ".", empty names and NUL are refused before. What is no regular
/// file is not found. A folder without '/' at its end is redirected to with one.
///
/// The root is looked up for each request, so that it may be replaced by another folder. Throws
/// std::system_error if it cannot be opened, or the kernel is older than Linux 5.6.
[[nodiscard]] Application static_files(StaticFilesOptions options);

/// A Paste factory: `document_root` and `cache_max_age` (seconds) as Paste's static has them, and
/// `cache_control`, `index`, `default_type`, `follow_links`, `show_dotfiles`.
[[nodiscard]] Application make_static_files(const Settings& global_conf,
                                            const Settings& local_conf);

}  // namespace thane::wsgi
