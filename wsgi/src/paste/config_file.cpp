#include "config_file.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <thane/internal/in_quotes.hpp>
#include <thane/internal/suggestion.hpp>

#include "interpolation.hpp"
#include "unicode_text.hpp"

namespace thane::wsgi::internal {

namespace {

using thane::internal::in_quotes;

// Spellings of one prefix: where the first is found, the second is not looked for.
using Prefixes = std::vector<std::vector<std::string_view>>;

const Prefixes& prefixes_of(Role role) {
  static const Prefixes applications{
      {"app", "application"}, {"composite", "composit"}, {"pipeline"}, {"filter-app"}};
  static const Prefixes filters{{"filter"}};
  static const Prefixes servers{{"server"}};
  return role == Role::application ? applications : role == Role::filter ? filters : servers;
}

std::string shown(const Prefixes& prefixes) {
  std::string result;
  for (const auto& group : prefixes) {
    for (const auto prefix : group) {
      result += fmt::format("{}\"{}\"", result.empty() ? "" : " or ", prefix);
    }
  }
  return result;
}

// The name of a section behind its prefix; nullopt if it has another one.
std::optional<std::string_view> name_behind(std::string_view section, std::string_view prefix) {
  if (!section.starts_with(prefix) || section.substr(prefix.size(), 1) != ":") {
    return std::nullopt;
  }
  return strip_space(section.substr(prefix.size() + 1));
}

// Why a section that looks as if it were there is not found, or what else might be meant.
std::string advice(const IniFile& ini, const Prefixes& prefixes, std::string_view wanted) {
  std::vector<std::string> names;
  for (const IniSection& section : ini.sections) {
    for (const auto& group : prefixes) {
      for (const auto prefix : group) {
        if (const auto name = name_behind(section.name, prefix)) {
          names.emplace_back(*name);
        }
      }
    }
    const auto unclosed = std::ranges::find_if(
        section.lines, [](const auto& line) { return line.first.starts_with('['); });
    if (unclosed != section.lines.end()) {
      return fmt::format("; line {} looks like a section header that is not closed",
                         unclosed->second);
    }
    const std::size_t colon = section.name.find(':');
    if (colon != std::string::npos && strip_space(section.name.substr(colon + 1)) == wanted) {
      return fmt::format("; line {} has [{}], which is of another kind", section.line,
                         section.name);
    }
  }
  const std::string meant = thane::internal::nearest(wanted, names);
  return meant.empty() ? "; add it, or correct the name"
                       : "; did you mean " + in_quotes(meant) + "?";
}

}  // namespace

std::string prefix_of(const load_error::Where& where) {
  if (where.file.empty()) {
    return {};
  }
  return where.line > 0 ? fmt::format("{}:{}: ", where.file, where.line) : where.file + ": ";
}

ConfigFile::ConfigFile(const std::string& file, const std::string& here, IniFile ini,
                       const Settings& passed)
    : file_(file), ini_(std::move(ini)) {
  // In Paste these two are there before the file is read: first in order, and the file's go before.
  Settings all{{"here", here}, {"__file__", file}};
  all.update(ini_.defaults.values);
  for (const auto& [key, value] : passed) {
    if (!all.contains(key)) {
      all.set(key, value);
    }
  }
  ini_.defaults.values = std::move(all);
}

const IniSection& ConfigFile::find(Role role, const std::optional<std::string>& name,
                                   const Asker& asker) const {
  const Prefixes& prefixes = prefixes_of(role);
  const std::string wanted = name.value_or("main");
  std::vector<const IniSection*> found;
  for (const auto& group : prefixes) {
    const std::size_t before = found.size();
    for (const auto prefix : group) {
      for (const IniSection& section : ini_.sections) {
        const bool bare = !name && section.name == prefix;
        if (bare || name_behind(section.name, prefix) == wanted) {
          found.push_back(&section);
        }
      }
      if (found.size() > before) {
        break;
      }
    }
  }
  if (found.size() == 1) {
    return *found.front();
  }
  if (found.empty()) {
    const bool from_file = !asker.where.file.empty();
    const load_error::Where place = from_file ? asker.where : load_error::Where{file_};
    throw load_error(load_error::Category::lookup, place,
                     fmt::format("{}No section {} (prefixed by {}) found in config {}{}{}",
                                 prefix_of(place), in_quotes(wanted), shown(prefixes), file_,
                                 asker.text, advice(ini_, prefixes, wanted)));
  }
  std::vector<std::string> names;
  for (const auto* section : found) {
    names.push_back(fmt::format("[{}] at line {}", section->name, section->line));
  }
  throw load_error(
      load_error::Category::lookup, {found[1]->file, found[1]->name, found[1]->line},
      fmt::format("{}:{}: Ambiguous section names {} for {}{}; rename one of them", found[1]->file,
                  found[1]->line, fmt::join(names, " and "), in_quotes(wanted), asker.text));
}

Settings ConfigFile::defaults() const {
  Settings result = ini_.defaults.values;
  for (const auto& [key, raw] : ini_.defaults.values) {
    // Paste takes the raw value where the interpolated one is empty, and files may count on it.
    const std::string interpolated = value(ini_.defaults, key);
    result.set(key, interpolated.empty() ? raw : interpolated);
  }
  return result;
}

std::vector<std::string_view> ConfigFile::keys(const IniSection& section) const {
  std::vector<std::string_view> result;
  for (const auto& [key, value] : section.values) {
    result.push_back(key);
  }
  for (const auto& [key, value] : ini_.defaults.values) {
    if (!section.values.contains(key)) {
      result.push_back(key);
    }
  }
  return result;
}

std::string ConfigFile::value(const IniSection& section, std::string_view key) const {
  const auto raw_value = [&](std::string_view name) {
    const auto own = section.values.find(name);
    return own ? own : ini_.defaults.values.find(name);
  };
  auto result = interpolate(raw_value(key).value_or(""), raw_value);
  if (!result.error.empty()) {
    const auto place = where(section, key);
    const auto line = place.line > 0 ? fmt::format(", line {}", place.line)
                                     : std::string{" (passed to it from outside)"};
    throw load_error(load_error::Category::interpolation, place,
                     fmt::format("Error in file {}{}: option {} in section [{}] {}", place.file,
                                 line, in_quotes(key), place.section, result.error));
  }
  return std::move(result.value);
}

load_error::Where ConfigFile::where(const IniSection& section, std::string_view key) const {
  for (const IniSection* place : {&section, &ini_.defaults}) {
    if (const auto line = place->lines.find(key); line != place->lines.end()) {
      const auto other = place->files.find(key);
      return {other == place->files.end() ? place->file : other->second, place->name, line->second};
    }
  }
  // A default that was passed stands nowhere.
  const bool passed = &section == &ini_.defaults;
  return {passed ? file_ : section.file, passed ? "DEFAULT" : section.name,
          passed ? 0 : section.line};
}

}  // namespace thane::wsgi::internal
