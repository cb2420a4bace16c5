// What a launcher makes of the process between the construction of services and their start.
#pragma once

#include <optional>

#include <thane/config.hpp>

#include "pid_file.hpp"

namespace thane::internal {

/// Held by a launcher while it waits. Made in the parent, or the one process, when everything is
/// bound and before anything is forked; workers inherit what it has done.
class ProcessSetup {
 public:
  /// Does what the options of process_options.hpp say. Throws std::runtime_error, whose text begins
  /// with the option that cannot be met. What is thrown later is no failure to start any more.
  explicit ProcessSetup(const Config& config);
  ProcessSetup(const ProcessSetup&) = delete;
  ProcessSetup& operator=(const ProcessSetup&) = delete;

 private:
  void prepare(const Config& config);

  std::optional<PidFile> pid_file_;
};

}  // namespace thane::internal
