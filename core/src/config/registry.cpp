#include "registry.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "value.hpp"

namespace thane::internal {

namespace {

std::string canonical_group(const std::string& group) {
  return group.empty() ? std::string{default_group} : group;
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

// Of a group: such names, with dots between them.
bool is_group_name(std::string_view text) {
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!is_name(text.substr(0, dot))) return false;
    if (dot == text.npos) return true;
    text.remove_prefix(dot + 1);
  }
}

std::string flag_name(std::string_view group, std::string_view key) {
  std::string flag = full_name(group, key);
  std::replace(flag.begin(), flag.end(), '.', '-');
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

std::string variable_name(std::string_view group, std::string_view key) {
  std::string variable =
      group == default_group ? std::string{key} : fmt::format("{}__{}", group, key);
  std::transform(variable.begin(), variable.end(), variable.begin(), [](unsigned char c) {
    return std::isalnum(c) != 0 ? static_cast<char>(std::toupper(c)) : '_';
  });
  return variable;
}

template <class Map, class Key>
auto find_in(const Map& map, const Key& key) -> std::optional<typename Map::mapped_type> {
  const auto found = map.find(key);
  return found == map.end() ? std::nullopt : std::optional{found->second};
}

template <class Map>
std::vector<std::string> current_names(const Map& map) {
  std::vector<std::string> names;
  for (const auto& [name, meaning] : map) {
    if (!meaning.deprecated) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::string full_name(std::string_view group, std::string_view key) {
  return group == default_group ? std::string{key} : fmt::format("{}.{}", group, key);
}

bool names_files(const RegisteredOpt& option) {
  return option.name == "config_file" || option.name == "config_dir";
}

OptRegistry::OptRegistry(const std::vector<OptGroup>& groups) {
  std::vector<std::string> names;
  for (const OptGroup& group : groups) {
    names.push_back(canonical_group(group.name));
  }
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return std::pair{a != default_group, a} < std::pair{b != default_group, b};
  });
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string& name : names) {
    for (const OptGroup& group : groups) {
      if (canonical_group(group.name) == name) {
        for (const AnyOpt& option : group.options) {
          add(name, option.definition());
        }
      }
    }
  }
}

void OptRegistry::add(const std::string& group, const OptDefinition& option) {
  const std::string name = full_name(group, option.name);
  if (!is_name(option.name) || !is_group_name(group)) {
    throw std::logic_error(
        fmt::format("option {}: a name is letters, digits and _", in_quotes(name)));
  }
  if (const auto wrong = check_limits(option, option.default_value); !wrong.empty()) {
    throw std::logic_error(fmt::format("option {}: the default is wrong: {}", name, wrong));
  }
  const std::size_t index = options_.size();
  const bool boolean = std::holds_alternative<bool>(option.default_value);
  options_.push_back({option, group, name, "--" + flag_name(group, option.name),
                      boolean ? "--" + flag_name(group, "no" + option.name) : "",
                      "THANE_" + variable_name(group, option.name)});
  names_.emplace(name, index);
  add_names(group, option.name, {index, false});
  std::istringstream deprecated{option.deprecated_name};
  for (std::string old; deprecated >> old;) {
    const std::size_t dot = old.rfind('.');
    add_names(dot == old.npos ? group : old.substr(0, dot),
              dot == old.npos ? old : old.substr(dot + 1), {index, true});
  }
}

void OptRegistry::add_names(const std::string& group, const std::string& key, OptName name) {
  // "web-workers" may mean web_workers in [DEFAULT] and workers in [web]: flags collide, too.
  const std::string flag = flag_name(group, key);
  bool unique = keys_.emplace(group + '.' + key, name).second &&
                variables_.emplace(variable_name(group, key), name).second &&
                flags_.emplace(flag, name).second && !negative_flags_.contains(flag);
  if (!options_[name.index].negative_flag.empty()) {
    // As in oslo.config, "no" goes behind the group: --web-nodebug.
    const std::string negative = flag_name(group, "no" + key);
    unique = unique && negative_flags_.emplace(negative, name).second && !flags_.contains(negative);
  }
  if (!unique) {
    throw std::logic_error(fmt::format(
        "option {} is registered twice, or another goes by the same name or by the same flag --{}",
        full_name(group, key), flag));
  }
}

std::optional<std::size_t> OptRegistry::find(std::string_view name) const {
  return find_in(names_, name);
}

std::optional<OptName> OptRegistry::find_key(std::string_view group, std::string_view key) const {
  return find_in(keys_, fmt::format("{}.{}", group, key));
}

std::optional<OptName> OptRegistry::find_variable(std::string_view variable) const {
  return find_in(variables_, variable);
}

std::optional<OptName> OptRegistry::find_flag(std::string_view flag) const {
  return find_in(flags_, flag);
}

std::optional<OptName> OptRegistry::find_negative_flag(std::string_view flag) const {
  return find_in(negative_flags_, flag);
}

bool OptRegistry::has_group(std::string_view group) const {
  const std::string prefix = fmt::format("{}.", group);
  return std::any_of(keys_.begin(), keys_.end(),
                     [&](const auto& key) { return key.first.starts_with(prefix); });
}

std::vector<std::string> OptRegistry::group_names() const {
  std::vector<std::string> names;
  for (const RegisteredOpt& option : options_) {
    if (names.empty() || names.back() != option.group) {
      names.push_back(option.group);
    }
  }
  return names;
}

std::vector<std::string> OptRegistry::keys_of(std::string_view group) const {
  std::vector<std::string> keys;
  for (const RegisteredOpt& option : options_) {
    if (option.group == group) {
      keys.push_back(option.option.name);
    }
  }
  return keys;
}

std::vector<std::string> OptRegistry::variables() const {
  return current_names(variables_);
}
std::vector<std::string> OptRegistry::flags() const {
  return current_names(flags_);
}

}  // namespace thane::internal
