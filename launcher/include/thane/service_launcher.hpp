// Services in this one process.
#pragma once

#include <memory>

#include <thane/config.hpp>
#include <thane/launcher_base.hpp>

namespace thane {

/// Runs all its services in the calling process, as fibers of one loop.
class ServiceLauncher final : public Launcher {
 public:
  explicit ServiceLauncher(const Config& config);
  ServiceLauncher(const Config& config, Restart restart);
  ~ServiceLauncher() override;

  /// Throws std::invalid_argument "Launcher asked to start multiple workers" for workers > 1.
  void launch_service(std::unique_ptr<ServiceBase> service,
                      const LaunchOptions& options = {}) override;
  void set_hooks(Hooks hooks) override;
  [[nodiscard]] int wait() override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thane
