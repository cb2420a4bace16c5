#include "launch_common.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <thane/log.hpp>
#include <thane/log_options.hpp>

#include "hygiene.hpp"
#include "start_order.hpp"

namespace thane::internal {

namespace {
bool seat_taken = false;
}  // namespace

LauncherSeat::LauncherSeat() {
  if (std::exchange(seat_taken, true)) {
    throw std::logic_error(
        "a process has one launcher at a time: launch all services with the one that exists");
  }
}

LauncherSeat::~LauncherSeat() {
  seat_taken = false;
}

LauncherBase::LauncherBase(const Config& program_config, Restart restart_method)
    : config(program_config), restart(restart_method) {
  log::configure(config);
}

void LauncherBase::add(std::unique_ptr<ServiceBase> service, const LaunchOptions& options) {
  if (!service) {
    throw std::invalid_argument("Service must not be null: launch_service() takes a ServiceBase");
  }
  const int workers = workers_of(*config.snapshot(), options);
  if (options.max_restarts < 0 || options.period < std::chrono::seconds{1}) {
    throw std::invalid_argument(
        "LaunchOptions: max_restarts is at least 0, and period at least 1 s");
  }
  if (waited) {
    throw std::logic_error("launch_service() after wait(): launch every service first");
  }
  const std::string wish = options.name.empty() ? service->name() : options.name;
  std::string name = wish;
  for (int n = 2; std::ranges::find(services, name, &ServiceWrapper::name) != services.end(); ++n) {
    name = fmt::format("{}-{}", wish, n);
  }
  log::info("Starting {} workers of {}", workers, name);
  services.push_back({std::move(service), std::move(name), options, workers});
}

int workers_of(const Snapshot& values, const LaunchOptions& options) {
  const bool configured = !options.workers_option.empty();
  const int workers = configured ? values.get<int>(options.workers_option) : options.workers;
  if (workers < 1) {
    throw std::invalid_argument(
        fmt::format("Number of workers should be positive! ({} is {})",
                    configured ? options.workers_option : "LaunchOptions::workers", workers));
  }
  return workers;
}

std::vector<std::vector<std::size_t>> LauncherBase::begin_wait() {
  if (std::exchange(waited, true)) {
    throw std::logic_error("a launcher waits once");
  }
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> after;
  for (const ServiceWrapper& wrapper : services) {
    names.push_back(wrapper.name);
    after.push_back(wrapper.options.after);
  }
  auto order = start_order(names, after);
  flush_stdio();
  if (config.get<bool>("log_options") && log::enabled(log::Level::debug)) {
    for (const Snapshot::Entry& entry : config.snapshot()->entries()) {
      log::debug("option {} = {} ({})", entry.name, entry.text, entry.origin);
    }
  }
  return order;
}

}  // namespace thane::internal
