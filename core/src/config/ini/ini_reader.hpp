// INI text taken apart: which value stands at which line of which section.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thane::internal {

struct IniEntry {
  std::string section;
  std::string key;
  std::string value;  ///< Stripped; the lines of a continued value are joined by '\n'.
  int line = 0;       ///< Where the key stands; the first line is 1.
};

struct IniSection {
  std::string name;
  int line = 0;
};

struct IniError {
  std::string message;
  int line = 0;
};

struct IniText {
  std::vector<IniSection> sections;  ///< In the order of the text, as are the entries.
  std::vector<IniEntry> entries;
  std::optional<IniError> error;  ///< If there is one, the rest is what was read before it.
};

/// Reads the syntax of oslo.config's files, a little stricter (docs/configuration.md): [section],
/// `key = value` or `key: value`, whole lines of # or ; comment, and values continued on lines that
/// are indented deeper than their key. Knows nothing of options. Never throws but std::bad_alloc.
[[nodiscard]] IniText read_ini(std::string_view text);

}  // namespace thane::internal
