// What the two launchers share besides the worker: the seat, the checks, the first log lines.
#pragma once

#include <memory>
#include <vector>

#include <thane/config.hpp>
#include <thane/hooks.hpp>
#include <thane/launch_options.hpp>
#include <thane/service_wrapper.hpp>

#include "notify.hpp"
#include "signals.hpp"

namespace thane::internal {

/// Held by a launcher for its life. A second launcher in a process would take the signals of the
/// first, so it is refused with std::logic_error (oslo row SV-10).
class LauncherSeat {
 public:
  LauncherSeat();
  ~LauncherSeat();
  LauncherSeat(const LauncherSeat&) = delete;
  LauncherSeat& operator=(const LauncherSeat&) = delete;
};

/// How many processes are to run a service, as these values have it. Throws std::invalid_argument
/// for less than one (row SV-6).
[[nodiscard]] int workers_of(const Snapshot& values, const LaunchOptions& options);

/// The part of a launcher's state that comes before wait().
struct LauncherBase {
  LauncherBase(const Config& program_config, Restart restart_method);

  /// Checks the arguments (rows SV-5, SV-6), gives the service a unique name and keeps it.
  void add(std::unique_ptr<ServiceBase> service, const LaunchOptions& options);

  /// To be called once, first thing in wait(). Returns for each service the positions of those
  /// that it starts after. Throws std::invalid_argument.
  [[nodiscard]] std::vector<std::vector<std::size_t>> begin_wait();

  LauncherSeat seat;
  BlockedSignals signals;
  Notifier notifier;
  Config config;
  Restart restart;
  std::vector<ServiceWrapper> services;
  Hooks hooks;
  bool waited = false;
};

}  // namespace thane::internal
