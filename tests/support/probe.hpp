// tests/programs/probe under test, started with so many workers.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "child_process.hpp"

namespace thane::testing {

/// The first words of its lines are in tests/programs/probe.cpp.
class Probe : public ChildProcess {
 public:
  /// `arguments` follow "--workers N"; the program's own options are written --probe-....
  explicit Probe(int workers, std::vector<std::string> arguments = {},
                 const ChildOptions& options = {})
      : ChildProcess(PROGRAMS_DIR "/probe", with_workers(workers, std::move(arguments)), options),
        workers_(workers) {}

  /// Waits until this worker is ready (again); its pid.
  pid_t ready(int index) { return expect_pid("worker " + std::to_string(index) + " ready pid="); }

  /// Waits until all of them are; their pids by index.
  std::vector<pid_t> all_ready() {
    std::vector<pid_t> pids;
    for (int index = 0; index < workers_; ++index) {
      pids.push_back(ready(index));
    }
    expect_line("parent ready");
    return pids;
  }

 private:
  static std::vector<std::string> with_workers(int workers, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--workers", std::to_string(workers)});
    return arguments;
  }

  int workers_;
};

/// The two launchers: one process, and a parent with workers. A test that holds for both loops.
inline constexpr int one_and_two[] = {1, 2};

}  // namespace thane::testing
