// All options of a program by the names that they go by in each source.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <thane/opt.hpp>

#include "opt_definition.hpp"

namespace thane::internal {

inline constexpr std::string_view default_group = "DEFAULT";

struct RegisteredOpt {
  OptDefinition option;
  std::string group;          ///< "DEFAULT" for bare names.
  std::string name;           ///< "name" or "group.name".
  std::string flag;           ///< "--group-name".
  std::string negative_flag;  ///< "--group-noname" for a bool, else empty.
  std::string variable;       ///< "THANE_GROUP__NAME".
};

/// True for config_file and config_dir, which only the command line and the environment may give.
[[nodiscard]] bool names_files(const RegisteredOpt& option);

/// What one name stands for.
struct OptName {
  std::size_t index = 0;
  bool deprecated = false;
};

struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

/// Registers at construction; immutable from then on. Throws std::logic_error for two options of
/// one name, and for a default that its own limits forbid.
class OptRegistry {
 public:
  explicit OptRegistry(const std::vector<OptGroup>& groups);

  /// Sorted by group, DEFAULT first, then in the order given.
  [[nodiscard]] const std::vector<RegisteredOpt>& options() const noexcept { return options_; }

  /// By "name" or "group.name". Deprecated names are not found here.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
  /// By the key of a section, by "WEB__WORKERS" (without THANE_), by "web-workers".
  [[nodiscard]] std::optional<OptName> find_key(std::string_view group, std::string_view key) const;
  [[nodiscard]] std::optional<OptName> find_variable(std::string_view variable) const;
  [[nodiscard]] std::optional<OptName> find_flag(std::string_view flag) const;
  /// The bool option that "web-nodebug" switches off.
  [[nodiscard]] std::optional<OptName> find_negative_flag(std::string_view flag) const;

  [[nodiscard]] bool has_group(std::string_view group) const;
  [[nodiscard]] std::vector<std::string> group_names() const;
  [[nodiscard]] std::vector<std::string> keys_of(std::string_view group) const;
  [[nodiscard]] std::vector<std::string> variables() const;
  [[nodiscard]] std::vector<std::string> flags() const;

  /// All ways to write an option on the command line: "web-workers", and deprecated ones.
  using Names = std::unordered_map<std::string, OptName, StringHash, std::equal_to<>>;
  [[nodiscard]] const Names& flag_names() const noexcept { return flags_; }
  [[nodiscard]] const Names& negative_flag_names() const noexcept { return negative_flags_; }

 private:
  void add(const std::string& group, const OptDefinition& option);
  void add_names(const std::string& group, const std::string& key, OptName name);

  std::vector<RegisteredOpt> options_;
  std::unordered_map<std::string, std::size_t, StringHash, std::equal_to<>> names_;
  Names keys_;       // "group.key", also for DEFAULT.
  Names variables_;  // "GROUP__KEY" or "KEY".
  Names flags_;      // "group-key" or "key".
  Names negative_flags_;
};

/// "web", "port" -> "web.port"; "DEFAULT", "port" -> "port".
[[nodiscard]] std::string full_name(std::string_view group, std::string_view key);

}  // namespace thane::internal
