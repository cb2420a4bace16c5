// Options from the command line, the environment and INI files, each registered with a type.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <thane/opt.hpp>

namespace thane {

/// The configuration cannot be used. what() is one line, `file:line: what is wrong; what to do`
/// (or `--option: ...`, `environment THANE_X: ...`). A program that does not catch it... see
/// exit_status.
class config_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Snapshot;  // One immutable set of values: <thane/snapshot.hpp>.

/// A handle to the configuration of the process; copies share it. Values are read through it, or,
/// where several must fit together, through one snapshot().
class Config {
 public:
  /// Parses argv, the environment and the files that argv names. Prints and exits the process for
  /// --help, --version, --check-config, --dump-config, --sample-config (status 0); bad command line:
  /// one line on stderr, exit 2; bad configuration: one line on stderr, exit 78.
  static Config from_command_line(int argc, const char* const* argv,
                                  std::initializer_list<OptGroup> groups = {});

  /// The same without exiting, for tests and tools: throws config_error.
  static Config parse(const std::vector<std::string>& arguments,
                      const std::vector<OptGroup>& groups);

  /// The value of option "name" or "group.name". Throws std::out_of_range if no such option is
  /// registered, std::invalid_argument if it has another type.
  template <class T>
  [[nodiscard]] T get(std::string_view name) const;

  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const noexcept;

  /// Reads all sources again and returns the new values without taking them up. Throws config_error.
  [[nodiscard]] std::shared_ptr<const Snapshot> load() const;
  /// Takes a snapshot up: every get() from now on answers from it.
  void install(std::shared_ptr<const Snapshot> snapshot);

  struct Change { std::string name, from, to; bool applied; };
  /// Takes up only the changes of options marked mutable; logs one warning for each other change.
  std::vector<Change> mutate(const std::shared_ptr<const Snapshot>& wanted);
};

}  // namespace thane
