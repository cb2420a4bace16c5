#include <thane/process_launcher.hpp>

#include <utility>

#include "launch_common.hpp"
#include "limits.hpp"
#include "parent.hpp"
#include "process_setup.hpp"

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

void ProcessLauncher::set_hooks(Hooks hooks) {
  impl_->hooks = std::move(hooks);
}

int ProcessLauncher::wait() {
  auto after = impl_->begin_wait();
  const internal::ProcessSetup setup{impl_->config, impl_->services, impl_->notifier,
                                     impl_->hooks.on_starting};
  internal::Parent parent{{.config = impl_->config,
                           .restart = impl_->restart,
                           .services = impl_->services,
                           .after = std::move(after),
                           .hooks = impl_->hooks,
                           .signals = impl_->signals,
                           .notifier = impl_->notifier}};
  return parent.run();
}

}  // namespace thane
