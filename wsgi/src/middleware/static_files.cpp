#include <thane/wsgi/middleware/static_files.hpp>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include <thane/check.hpp>
#include <thane/wsgi/file_response.hpp>

#include "../files/file_answer.hpp"
#include "../files/open_file.hpp"
#include "../percent.hpp"
#include "known_keys.hpp"

namespace thane::wsgi {

namespace {

using internal::OpenedFile;
using Links = StaticFilesOptions::Links;
using Dotfiles = StaticFilesOptions::Dotfiles;

class Folder {
 public:
  explicit Folder(StaticFilesOptions options) : options_(std::move(options)) {
    options_.root = std::filesystem::absolute(options_.root);
    const int fd = check(::open(options_.root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC),
                         ("cannot open " + options_.root.native()).c_str());
    const UniqueFd root{fd};
    if (const auto opened = internal::open_file(root.get(), ".", RESOLVE_BENEATH); !opened.file) {
      throw std::system_error(opened.error, std::generic_category(),
                              "openat2, for files below " + options_.root.native());
    }
  }

  Response answer(const Request& request) const {
    if (!internal::may_read(request)) return internal::only_to_be_read();
    const std::string_view path = request.path();
    if (!is_plain(path)) return Response{404};

    const auto root = internal::open_file(AT_FDCWD, options_.root, 0);
    if (!root.file) return Response{internal::status_of_open_error(root.error)};
    const bool folder = path.empty() || path.ends_with('/');
    if (folder && options_.index.empty()) return Response{404};
    std::string name{path.substr(path.empty() ? 0 : 1)};
    if (folder) name += options_.index;

    auto opened = internal::open_file(root.file.get(), name, resolution());
    if (!opened.file) return Response{internal::status_of_open_error(opened.error)};
    struct stat status {};
    check(::fstat(opened.file.get(), &status), "fstat");
    if (S_ISDIR(status.st_mode) && !folder) return redirect(request);
    if (!S_ISREG(status.st_mode)) return Response{404};
    return internal::answer_with_file(request, std::move(opened.file), status, file_options(name));
  }

 private:
  // Of names that could not mean anything but a file below the root.
  [[nodiscard]] bool is_plain(std::string_view path) const {
    if (!path.empty() && path.front() != '/') return false;
    if (path.find('\0') != path.npos) return false;
    while (!path.empty()) {
      path.remove_prefix(1);
      const std::string_view name = path.substr(0, path.find('/'));
      path.remove_prefix(name.size());
      if (name.empty() && !path.empty()) return false;
      if (name == "." || name == "..") return false;
      if (name.starts_with('.') && options_.dotfiles == Dotfiles::hidden) return false;
    }
    return true;
  }

  [[nodiscard]] std::uint64_t resolution() const {
    return options_.links == Links::within ? RESOLVE_BENEATH : 0;
  }

  [[nodiscard]] FileOptions file_options(std::string_view name) const {
    FileOptions options{.cache_control = options_.cache_control};
    options.content_type = media_type(name);
    if (options.content_type.empty()) options.content_type = options_.default_type;
    return options;
  }

  // Relative links in the folder's index would else be taken for those of the folder above.
  static Response redirect(const Request& request) {
    const std::string whole = std::string{request.script_name()} + std::string{request.path()};
    // More than one '/' at the beginning would name another host.
    const std::size_t begin = std::min(whole.find_first_not_of('/'), whole.size());
    std::string location =
        "/" +
        internal::percent_encode(std::string_view{whole}.substr(begin), internal::Kept::path) + "/";
    if (!request.query().empty()) location.append("?").append(request.query());
    return Response{301}.add_header("Location", location);
  }

  StaticFilesOptions options_;
};

}  // namespace

Application static_files(StaticFilesOptions options) {
  return [folder = std::make_shared<const Folder>(std::move(options))](Request& request) {
    return folder->answer(request);
  };
}

Application make_static_files(const Settings&, const Settings& local_conf) {
  internal::warn_of_unknown("static_files", local_conf,
                            {"document_root", "cache_max_age", "cache_control", "index",
                             "default_type", "follow_links", "show_dotfiles"});
  StaticFilesOptions options{.root = local_conf.get("document_root")};
  options.index = local_conf.get("index", options.index);
  options.default_type = local_conf.get("default_type", options.default_type);
  options.cache_control = local_conf.get("cache_control", "");
  if (local_conf.contains("cache_max_age")) {
    const auto seconds = local_conf.get_integer("cache_max_age", 0);
    options.cache_control = "max-age=" + std::to_string(seconds);
  }
  if (local_conf.get_boolean("follow_links", false)) options.links = Links::anywhere;
  if (local_conf.get_boolean("show_dotfiles", false)) options.dotfiles = Dotfiles::shown;
  return static_files(std::move(options));
}

}  // namespace thane::wsgi
