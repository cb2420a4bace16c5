// Options from the command line, the environment and INI files, each registered with a type.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <thane/opt.hpp>
#include <thane/snapshot.hpp>

namespace thane {

/// The configuration cannot be used. what() is one line that says where and what to do:
/// "app.conf:3: web.workers: 0 is below the minimum of 1", "--workers: ...",
/// "environment THANE_WORKERS: ...".
class config_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A handle to the configuration of the process; copies are cheap and share it. main() makes it,
/// naming every group of options that the program reads:
///
///     int main(int argc, char** argv) {
///       const auto config = thane::Config::from_command_line(
///           argc, argv,
///           {{"hello", {thane::Opt<std::string>{.name = "name", .default_value = "world"}}}});
///       const auto name = config.get<std::string>("hello.name");
///     }
///
/// The same option may come from several sources. The strongest wins: the command line
/// (--hello-name), the environment (THANE_HELLO__NAME), the files of --config-file (the last
/// first), the *.conf files of --config-dir, the default. docs/configuration.md has it all.
///
/// All members may be called on any thread. Two get() may straddle a change; values that have to
/// fit together are read from one snapshot().
class Config {
 public:
  struct Value {
    std::string name;    ///< Of an option: "name" or "group.name".
    std::string text;    ///< As in a file.
    std::string origin;  ///< For people: "proxy.conf, [DEFAULT]".
  };
  /// What the program itself has read elsewhere, as in files of another form. Called whenever the
  /// files are read, at a reload too; goes before the defaults, and after all other sources.
  using Source = std::function<std::vector<Value>()>;

  /// Reads argv, the environment and the files that argv names. Exits the process with status 0
  /// after --help, --version, --check-config, --dump-config, --sample-config and
  /// --options-markdown; with 2 if the command line is wrong and with 78 if the rest is, after one
  /// line on stderr. Throws std::logic_error if two options have the same name: a bug of the
  /// program. An exception that leaves main() before a launcher waits is then one line of the log,
  /// `cannot start: ...`, and status 3; 78 for a config_error.
  ///
  /// `own`: see Source.
  static Config from_command_line(int argc, const char* const* argv,
                                  const std::vector<OptGroup>& groups = {}, Source own = {});

  /// The same for tests and tools: never exits, but throws config_error; sees no environment but
  /// the one given, as "THANE_NAME=value". `arguments` does not have the program's name.
  static Config parse(const std::vector<std::string>& arguments,
                      const std::vector<OptGroup>& groups,
                      const std::vector<std::string>& environment = {}, Source own = {});

  /// The value of option "name" or "group.name" as it is now; see Snapshot::get().
  template <class T>
  [[nodiscard]] T get(std::string_view name) const {
    return snapshot()->get<T>(name);
  }

  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const noexcept;

  /// Reads all sources again and returns the new values without taking them up.
  /// Throws config_error and changes nothing if they are wrong.
  [[nodiscard]] std::shared_ptr<const Snapshot> load() const;

  /// Takes up a snapshot that load() or snapshot() of this Config returned: every get() from now on
  /// answers from it.
  void install(std::shared_ptr<const Snapshot> snapshot);

  /// The values of a snapshot as octets, and back: for another process of the same program that
  /// was forked from this one, so that all take up what one of them has read. Secrets are in them
  /// as they are. unpack() throws std::runtime_error for octets that pack() has not made.
  [[nodiscard]] std::string pack(const Snapshot& snapshot) const;
  [[nodiscard]] std::shared_ptr<const Snapshot> unpack(std::string_view octets) const;

  struct Change {
    std::string name;  ///< "name" or "group.name".
    std::string from;  ///< As in a file; "***" if it is secret.
    std::string to;
    bool applied = false;  ///< False: the option is not Change::at_run_time.

    friend bool operator==(const Change&, const Change&) = default;
  };
  /// Takes up what differs in `wanted` of the options with Change::at_run_time; logs one warning
  /// for each other difference. Returns all differences.
  std::vector<Change> mutate(const std::shared_ptr<const Snapshot>& wanted);

 private:
  struct State;
  explicit Config(std::shared_ptr<State> state) noexcept;
  std::shared_ptr<State> state_;
};

}  // namespace thane
