// tests/programs/family under test: several services, as its configuration file has them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "child_process.hpp"
#include "temporary_directory.hpp"

namespace thane::testing {

/// The file that the program reads, and reads again on SIGHUP. It exists before the program does.
class FamilyFile {
 public:
  explicit FamilyFile(std::string_view text) : path_{directory.write("family.conf", text)} {}

  /// All of it anew.
  void configure(std::string_view text) const { directory.write("family.conf", text); }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  TemporaryDirectory directory;

 private:
  std::string path_;
};

/// A configuration with one service that serves HTTP; `more` are further lines of its group.
inline std::string serving(int workers, std::uint16_t port, const std::string& more = "") {
  return "[a]\nworkers = " + std::to_string(workers) + "\nport = " + std::to_string(port) + "\n" +
         more;
}

/// What its lines are is said in tests/programs/family.cpp.
///
///     Family family{"[DEFAULT]\nservices = a, b\n[b]\nafter = a\n"};
///     const pid_t worker = family.ready("a/0");
class Family : public FamilyFile, public ChildProcess {
 public:
  explicit Family(std::string_view text, std::vector<std::string> arguments = {},
                  const ChildOptions& options = {})
      : FamilyFile(text),
        ChildProcess(PROGRAMS_DIR "/family", with_file(path(), std::move(arguments)), options) {}

  /// Waits until this worker is ready (again); its pid. `worker` is "0", or "a/0" with siblings.
  pid_t ready(const std::string& worker) { return expect_pid("worker " + worker + " ready pid="); }

  /// How many lines so far contain `words`.
  [[nodiscard]] std::size_t count_lines_with(std::string_view words) {
    const auto messages = messages_so_far();
    return static_cast<std::size_t>(std::ranges::count_if(
        messages,
        [&](const std::string& message) { return message.find(words) != std::string::npos; }));
  }

 private:
  static std::vector<std::string> with_file(const std::string& path,
                                            std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--config-file", path});
    return arguments;
  }
};

}  // namespace thane::testing
