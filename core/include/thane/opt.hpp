// Options: what a program can be told, each with a type, a default and its limits.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace thane {

class Config;

namespace internal {
struct OptDefinition;
}

/// When a new value of an option counts.
enum class Change {
  at_restart,   ///< In processes that start after it was changed.
  at_run_time,  ///< In running ones too, when Config::mutate() takes it up.
};

/// Whether dumps, logs and error messages may show a value.
enum class Secrecy { open, secret };

/// One option; a value. Only the name is needed:
///
///     thane::Opt<int>{.name = "workers", .default_value = 2, .help = "how many", .min = 1}
///
/// T is one of these, written like this in files, variables and arguments:
///
///     bool                        true, false (or yes, no, on, off, 1, 0)
///     int, std::int64_t, double   42, -1, 0.5
///     std::string                 text as it stands; $name and ${group.name} are replaced
///     std::chrono::seconds        60, 60s, 2m, 1h, 1d; whole seconds only, never negative
///     std::chrono::milliseconds   the same and 1.5 (seconds), 500ms
///     std::vector<std::string>    the key repeated, or one value with commas
///
/// A std::string default goes through the same replacement: write $$ for a dollar sign.
template <class T>
struct Opt {
  std::string name;          ///< In snake_case.
  T default_value{};         ///< Must itself be within min, max and choices.
  std::string help{};        ///< One sentence, for --help, the sample file and the docs.
  std::optional<T> min{};    ///< Numbers and durations: the smallest value that is accepted.
  std::optional<T> max{};    ///< Likewise the largest.
  std::vector<T> choices{};  ///< If not empty: nothing else is accepted.
  Change change = Change::at_restart;
  Secrecy secrecy = Secrecy::open;
  std::string deprecated_name{};  ///< "old group.old": one or more, accepted with a warning.
};

/// An Opt<T> of any of those T; immutable. What it holds is core's own business, so that a file
/// which names options compiles fast.
class AnyOpt {
 public:
  template <class T>
  // Implicit: options of several types may stand in one list.
  AnyOpt(const Opt<T>& option);  // NOLINT(google-explicit-constructor)

  [[nodiscard]] const std::string& name() const noexcept;
  [[nodiscard]] const internal::OptDefinition& definition() const noexcept { return *definition_; }

 private:
  std::shared_ptr<const internal::OptDefinition> definition_;
};

/// Options that stand below one [section] of a file:
///
///     thane::OptGroup{"web", {thane::Opt<int>{.name = "port", .default_value = 8080}}}
///
/// Config::get() calls this one "web.port". A group may have dots in its name: [cors.shop]. The
/// options of group "DEFAULT" (or "") have bare names.
struct OptGroup {
  std::string name;
  std::vector<AnyOpt> options;
  /// For --check-config, once all values are valid: reads what they name, say, and throws what is
  /// wrong with it. Must not change anything. Empty: the values are all there is to check.
  std::function<void(const Config&)> check = {};
};

}  // namespace thane
