// Services in forked, supervised workers.
#pragma once

#include <memory>

#include <thane/config.hpp>
#include <thane/launcher_base.hpp>

namespace thane {

/// Runs each service in its own set of worker processes; replaces workers that die.
class ProcessLauncher final : public Launcher {
 public:
  explicit ProcessLauncher(const Config& config);
  ProcessLauncher(const Config& config, Restart restart);
  ~ProcessLauncher() override;

  void launch_service(std::unique_ptr<ServiceBase> service,
                      const LaunchOptions& options = {}) override;
  void set_hooks(Hooks hooks) override;
  [[nodiscard]] int wait() override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thane
