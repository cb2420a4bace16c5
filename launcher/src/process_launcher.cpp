#include <thane/process_launcher.hpp>

#include "launch_common.hpp"
#include "limits.hpp"
#include "parent.hpp"

namespace thane {

class ProcessLauncher::Impl : public internal::LauncherBase {
 public:
  using LauncherBase::LauncherBase;
};

ProcessLauncher::ProcessLauncher(const Config& config)
    : ProcessLauncher(config, internal::restart_method(config)) {}

ProcessLauncher::ProcessLauncher(const Config& config, Restart restart)
    : impl_(std::make_unique<Impl>(config, restart)) {}

ProcessLauncher::~ProcessLauncher() = default;

void ProcessLauncher::launch_service(std::unique_ptr<ServiceBase> service,
                                     const LaunchOptions& options) {
  impl_->add(std::move(service), options);
}

int ProcessLauncher::wait() {
  impl_->begin_wait();
  internal::Parent parent{impl_->config, impl_->restart, impl_->services, impl_->signals,
                          impl_->notifier};
  return parent.run();
}

}  // namespace thane
