// Why a Paste file cannot be loaded, and where in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <thane/config.hpp>

namespace thane::wsgi {

/// What load_app() and its siblings throw. what() is one line that says where, what is wrong, and
/// what to do:
///
///     /etc/shop/paste.ini:12: No section "shop" (prefixed by "app" or "application" or ...) found
///     in config /etc/shop/paste.ini; "pipeline" of [pipeline:main] names it. Did you mean ...
///
/// It is a config_error: a program that ends of it ends with status 78.
class load_error : public config_error {
 public:
  enum class Category : std::uint8_t {
    lookup,         ///< A section, factory, distribution or key that is not there, or there twice.
    interpolation,  ///< %(name)s that stands for nothing, or a single percent sign.
    parse,          ///< The file is not INI as Python's configparser reads it.
    loop,           ///< Sections that lead back to themselves; the text shows how.
    missing_file,   ///< A file that cannot be read.
    value,          ///< A reference or a setting that makes no sense.
  };

  struct Where {
    std::string file = {};     ///< Absolute; empty: no file is to blame.
    std::string section = {};  ///< As in the file: "app:main"; empty: none.
    int line = 0;              ///< From 1 up; 0: the file or section as a whole.
  };

  /// Control characters in `what` become blanks.
  load_error(Category category, Where where, const std::string& what);

  [[nodiscard]] Category category() const noexcept { return category_; }
  [[nodiscard]] const std::string& file() const noexcept { return where_.file; }
  [[nodiscard]] const std::string& section() const noexcept { return where_.section; }
  [[nodiscard]] int line() const noexcept { return where_.line; }

 private:
  Category category_;
  Where where_;
};

/// There is no application of that name in the file; as oslo.service's PasteAppNotFound.
class app_not_found_error : public load_error {
 public:
  using load_error::load_error;
};

/// The category as one word: "missing-file".
[[nodiscard]] std::string_view to_string(load_error::Category category) noexcept;

}  // namespace thane::wsgi
