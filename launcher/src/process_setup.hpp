// What a launcher makes of the process between the construction of services and their start.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <thane/config.hpp>
#include <thane/service_wrapper.hpp>

#include "notify.hpp"
#include "pid_file.hpp"

namespace thane::internal {

/// Held by a launcher while it waits. Made in the parent, or the one process, when everything is
/// bound and before anything is forked; workers inherit what it has done. With the option
/// `daemonize` the constructor returns in another process than it was called in.
class ProcessSetup {
 public:
  /// Does what the options of process_options.hpp say, then calls the hook. Throws what that does,
  /// and std::runtime_error, whose text begins with the option that cannot be met. What is thrown
  /// later is no failure to start any more.
  ProcessSetup(const Config& config, const std::vector<ServiceWrapper>& services,
               Notifier& notifier, const std::function<void()>& on_starting);
  ProcessSetup(const ProcessSetup&) = delete;
  ProcessSetup& operator=(const ProcessSetup&) = delete;

 private:
  void prepare(const Config& config, int workers, Notifier& notifier);

  std::optional<PidFile> pid_file_;
};

}  // namespace thane::internal
