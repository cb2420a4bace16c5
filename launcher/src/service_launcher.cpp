#include <thane/service_launcher.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "launch_common.hpp"
#include "limits.hpp"
#include "own_stdio_capture.hpp"
#include "process_setup.hpp"
#include "start_order.hpp"
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

void ServiceLauncher::set_hooks(Hooks hooks) {
  impl_->hooks = std::move(hooks);
}

int ServiceLauncher::wait() {
  const auto after = impl_->begin_wait();
  const internal::ProcessSetup setup{impl_->config, impl_->services, impl_->notifier,
                                     impl_->hooks.on_starting};
  const auto captured = internal::capture_own_stdio(impl_->config);
  const auto rank = internal::start_ranks(after);
  std::vector<std::vector<ServiceWrapper*>> ranks;
  for (std::size_t i = 0; i < impl_->services.size(); ++i) {
    ranks.resize(std::max(ranks.size(), rank[i] + 1));
    ranks[rank[i]].push_back(&impl_->services[i]);
  }
  const std::string name = impl_->services.size() == 1 ? impl_->services.front().name : "";
  const log::ProcessContext context{.service = name, .worker = 0, .generation = 1};
  log::set_process_context(context);
  internal::Worker worker{{.config = impl_->config,
                           .restart = impl_->restart,
                           .ranks = std::move(ranks),
                           .label = "0",
                           .context = context,
                           .hooks = impl_->hooks,
                           .channel = {},
                           .notifier = &impl_->notifier,
                           .mask = impl_->signals.before()}};
  return worker.run();
}

}  // namespace thane
