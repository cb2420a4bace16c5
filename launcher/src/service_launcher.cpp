#include <thane/service_launcher.hpp>

#include <stdexcept>

#include "launch_common.hpp"
#include "limits.hpp"
#include "worker.hpp"

namespace thane {

class ServiceLauncher::Impl : public internal::LauncherBase {
 public:
  using LauncherBase::LauncherBase;
};

ServiceLauncher::ServiceLauncher(const Config& config)
    : ServiceLauncher(config, internal::restart_method(config)) {}

ServiceLauncher::ServiceLauncher(const Config& config, Restart restart)
    : impl_(std::make_unique<Impl>(config, restart)) {}

ServiceLauncher::~ServiceLauncher() = default;

void ServiceLauncher::launch_service(std::unique_ptr<ServiceBase> service,
                                     const LaunchOptions& options) {
  if (options.workers > 1) {
    throw std::invalid_argument("Launcher asked to start multiple workers");
  }
  impl_->add(std::move(service), options);
}

int ServiceLauncher::wait() {
  impl_->begin_wait();
  std::vector<ServiceWrapper*> services;
  for (ServiceWrapper& wrapper : impl_->services) {
    services.push_back(&wrapper);
  }
  const std::string name = services.size() == 1 ? services.front()->name : "";
  const log::ProcessContext context{.service = name, .worker = 0, .generation = 1};
  log::set_process_context(context);
  internal::Worker worker{{.config = impl_->config,
                           .restart = impl_->restart,
                           .services = std::move(services),
                           .label = "0",
                           .context = context,
                           .channel = {},
                           .notifier = &impl_->notifier,
                           .mask = impl_->signals.before()}};
  return worker.run();
}

}  // namespace thane
