// A Paste file taken apart by the rules of Python's configparser.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <thane/wsgi/settings.hpp>

namespace thane::wsgi::internal {

struct IniSection {
  std::string name;  ///< What is between the brackets, blanks and all.
  int line = 0;      ///< From 1 up.
  Settings values;   ///< As they stand, "%" and all; lines of one value joined by '\n'.
  std::map<std::string, int, std::less<>> lines;  ///< Where each key stands.
  std::string file = {};                          ///< Where the section stands.
  /// Where a key stands that another file has set; others stand in `file`.
  std::map<std::string, std::string, std::less<>> files = {};
};

struct IniFile {
  IniSection defaults;               ///< [DEFAULT]; several of them are one.
  std::vector<IniSection> sections;  ///< In the order of the file.
};

// The reader of thane's own configuration (core/src/config/ini) is not this one: it follows
// oslo.config, where a blank line ends a value, keys may be repeated, DEFAULT may not, and a byte
// order mark is skipped. Here all of that is the other way round, the text after a header is
// ignored, and white space is Unicode's; files that people have depend on either.

/// The text in its sections. Throws load_error of category `parse` with the line; `file` is how
/// messages call it.
[[nodiscard]] IniFile read_ini_file(std::string_view text, const std::string& file);

/// Takes into `all` what a file says that is read after it: sections of one name are one, and the
/// later value of a key counts (configparser's read() of several files).
void merge(IniFile& all, const IniFile& later);

}  // namespace thane::wsgi::internal
