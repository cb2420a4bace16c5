// What ServiceLauncher and ProcessLauncher have in common.
#pragma once

#include <memory>

#include <thane/hooks.hpp>
#include <thane/launch_options.hpp>
#include <thane/service_base.hpp>

namespace thane {

/// Starts services and keeps them until a signal ends them. At most one in a process at a time.
/// From its constructor on the process's signals wait for wait().
class Launcher {
 public:
  virtual ~Launcher() = default;
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;

  /// Takes a service; it starts in wait(). To be called before wait(), for each service once.
  virtual void launch_service(std::unique_ptr<ServiceBase> service,
                              const LaunchOptions& options = {}) = 0;

  /// Functions to be called at turns of the launcher's life; to be given before wait().
  virtual void set_hooks(Hooks hooks) = 0;

  /// Runs the services until they are told to stop; returns the exit status for main():
  /// 0 stopped gracefully, 1 something had to be killed or a fast stop was asked for, 3 a service
  /// could not start, or gave up. See docs/signals.md. Throws std::invalid_argument for services
  /// that start after one that does not exist, or after each other in a circle.
  [[nodiscard]] virtual int wait() = 0;

 protected:
  Launcher() = default;
};

}  // namespace thane
