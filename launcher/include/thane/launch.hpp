// From a service to a running launcher in one call.
#pragma once

#include <memory>

#include <thane/config.hpp>
#include <thane/launch_options.hpp>
#include <thane/launcher_base.hpp>
#include <thane/service_base.hpp>

namespace thane {

/// The options that launchers read, under oslo.service's names: graceful_shutdown_timeout,
/// restart_method, log_options, worker_boot_timeout; and those about the process itself, as user
/// and group: docs/deployment.md. Name it in Config::from_command_line().
[[nodiscard]] OptGroup launcher_options();

/// An integer option for a number of workers: default the CPUs of the machine, at least 1.
[[nodiscard]] Opt<int> workers_opt(std::string name = "workers", std::string help = {});

/// Launches one service: in this process for one worker (ServiceLauncher), else in as many forked
/// ones (ProcessLauncher). Throws std::invalid_argument
/// "Number of workers should be positive!" for less than 1 (oslo row SV-6).
///
///     auto launcher = thane::launch(config, std::make_unique<Hello>(config), {.workers = 2});
///     return launcher->wait();
[[nodiscard]] std::unique_ptr<Launcher> launch(const Config& config,
                                               std::unique_ptr<ServiceBase> service,
                                               const LaunchOptions& options = {});

}  // namespace thane
