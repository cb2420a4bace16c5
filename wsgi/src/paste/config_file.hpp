// One Paste file, or a directory of them, with the defaults that were passed to it: what it says
// once interpolated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <thane/wsgi/load_error.hpp>
#include <thane/wsgi/settings.hpp>

#include "ini_file.hpp"

namespace thane::wsgi::internal {

/// What objects are asked for, and what sections may make them.
enum class Role : std::uint8_t { application, filter, server };

/// On whose behalf something is looked up; for messages.
struct Asker {
  load_error::Where where = {};  ///< No file: the program.
  std::string text = {};         ///< "; "use" of [app:main] names it", or empty.
};

/// "FILE:LINE: ", as far as it is known; how messages begin.
[[nodiscard]] std::string prefix_of(const load_error::Where& where);

class ConfigFile {
 public:
  /// `file`: the absolute path of the file or directory that was read. `here`: the folder that it
  /// says it is in. `passed`: what DEFAULT is completed with.
  ConfigFile(const std::string& file, const std::string& here, IniFile ini, const Settings& passed);

  [[nodiscard]] const std::string& file() const noexcept { return file_; }

  /// The one section of that name that makes such an object. Throws load_error of category `lookup`
  /// if there is none, or several.
  [[nodiscard]] const IniSection& find(Role role, const std::optional<std::string>& name,
                                       const Asker& asker) const;

  /// All of DEFAULT. Throws load_error of category `interpolation`, as value() does.
  [[nodiscard]] Settings defaults() const;

  /// The keys of a section, then those that only DEFAULT has.
  [[nodiscard]] std::vector<std::string_view> keys(const IniSection& section) const;
  [[nodiscard]] std::string value(const IniSection& section, std::string_view key) const;

  /// Where a key stands, in its section or in DEFAULT.
  [[nodiscard]] load_error::Where where(const IniSection& section, std::string_view key) const;

 private:
  std::string file_;
  IniFile ini_;  // Its defaults are completed.
};

}  // namespace thane::wsgi::internal
