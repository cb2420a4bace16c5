#include "file_source.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <system_error>
#include <thane/config.hpp>
#include <thane/internal/read_file.hpp>
#include <thane/internal/suggestion.hpp>

#include "ini/ini_reader.hpp"
#include "value.hpp"

namespace thane::internal {

namespace {

constexpr std::size_t largest_file = 4 * 1024 * 1024;

[[noreturn]] void fail_to_read(const std::string& shown, std::string_view why) {
  throw config_error(fmt::format("{}: cannot be read: {}", shown, why));
}

std::string suggestion_for(std::string_view wrong, const std::vector<std::string>& known,
                           std::string_view open, std::string_view close) {
  const std::string name = nearest(wrong, known);
  return name.empty() ? std::string{} : fmt::format("; did you mean {}{}{}?", open, name, close);
}

// A name may be right and only its section wrong.
std::string advice_for_key(const OptRegistry& registry, const IniEntry& entry) {
  const auto advice = suggestion_for(entry.key, registry.keys_of(entry.section), "\"", "\"");
  if (!advice.empty()) {
    return advice;
  }
  for (const std::string& group : registry.group_names()) {
    if (registry.find_key(group, entry.key)) {
      return fmt::format("; it belongs to [{}]", group);
    }
  }
  return "; --help lists all options";
}

}  // namespace

std::string read_config_file(const std::filesystem::path& path, const std::string& shown) {
  try {
    return read_file(path, largest_file);
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::is_a_directory) {
      throw config_error(
          fmt::format("{}: is a directory; --config-dir reads all *.conf files of one", shown));
    }
    const bool too_large = error.code() == std::errc::file_too_large;
    fail_to_read(shown, too_large ? "it is larger than 4 MiB" : error.code().message());
  }
}

std::vector<std::string> config_files_in(const std::filesystem::path& directory,
                                         const std::string& shown) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry{directory, error};
  for (; !error && entry != std::filesystem::directory_iterator{}; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (entry->path().extension() == ".conf" && !name.starts_with('.')) {
      names.push_back(name);
    }
  }
  if (error) {
    fail_to_read(shown, error.message());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Layer layer_from_ini(const OptRegistry& registry, std::string_view text, const std::string& shown,
                     Warnings& warnings) {
  const IniText ini = read_ini(text);
  const auto fail = [&](int line, const std::string& message) {
    throw config_error(fmt::format("{}:{}: {}", shown, line, message));
  };
  if (ini.error) {
    fail(ini.error->line, ini.error->message);
  }
  for (const IniSection& section : ini.sections) {
    if (!registry.has_group(section.name)) {
      const auto advice = suggestion_for(section.name, registry.group_names(), "[", "]");
      fail(section.line, fmt::format("unknown group [{}]{}", section.name,
                                     advice.empty() ? "; --help lists all groups" : advice));
    }
  }

  Layer layer;
  std::map<std::size_t, int> seen;  // Option -> line.
  for (const IniEntry& entry : ini.entries) {
    const auto option = registry.find_key(entry.section, entry.key);
    if (!option) {
      fail(entry.line, fmt::format("unknown option {} in [{}]{}", in_quotes(entry.key),
                                   entry.section, advice_for_key(registry, entry)));
    }
    const RegisteredOpt& known = registry.options()[option->index];
    const std::string origin = fmt::format("{}:{}", shown, entry.line);
    if (option->deprecated) {
      warnings.push_back(fmt::format("{}: {} is deprecated; write {}", origin,
                                     full_name(entry.section, entry.key), known.name));
    }
    const auto [before, first] = seen.emplace(option->index, entry.line);
    const bool list = std::holds_alternative<std::vector<std::string>>(known.option.default_value);
    if (!first && !list) {
      warnings.push_back(fmt::format("{}: {} is set again; the value of line {} does not count",
                                     origin, known.name, before->second));
      before->second = entry.line;
    }
    layer.push_back({*option, entry.value, origin, fmt::format("{}: {}", origin, known.name)});
  }
  return layer;
}

}  // namespace thane::internal
