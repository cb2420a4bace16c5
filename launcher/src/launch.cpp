#include <thane/launch.hpp>

#include <fmt/core.h>

#include <stdexcept>

#include <thane/process_launcher.hpp>
#include <thane/service_launcher.hpp>

#include "launch_common.hpp"

namespace thane {

std::unique_ptr<Launcher> launch(const Config& config, std::unique_ptr<ServiceBase> service,
                                 const LaunchOptions& options) {
  std::unique_ptr<Launcher> launcher;
  if (internal::workers_of(*config.snapshot(), options) > 1) {
    launcher = std::make_unique<ProcessLauncher>(config);
  } else {
    launcher = std::make_unique<ServiceLauncher>(config);
  }
  launcher->launch_service(std::move(service), options);
  return launcher;
}

}  // namespace thane
