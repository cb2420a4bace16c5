#include "limits.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

#include <thane/launch.hpp>

namespace thane {

namespace {
using std::chrono::seconds;
}  // namespace

OptGroup launcher_options() {
  return {
      "DEFAULT",
      {Opt<seconds>{
           .name = "graceful_shutdown_timeout",
           .default_value = seconds{60},
           .help = "How long a graceful stop may take before what is left is killed; 0: for ever.",
           .change = Change::at_run_time},
       Opt<seconds>{
           .name = "worker_boot_timeout",
           .default_value = seconds{60},
           .help = "How long a worker may take to get ready before it is killed; 0: for ever.",
           .change = Change::at_run_time},
       Opt<std::string>{.name = "restart_method",
                        .default_value = "reload",
                        .help = "What SIGHUP does: reload replaces the workers, mutate keeps them "
                                "and takes up options that may change at run time.",
                        .choices = {"reload", "mutate"}},
       Opt<bool>{.name = "log_options",
                 .default_value = true,
                 .help = "Log the value of every option at debug level when services start."}}};
}

Opt<int> workers_opt(std::string name, std::string help) {
  const auto processors = static_cast<int>(std::thread::hardware_concurrency());
  return {.name = std::move(name),
          .default_value = processors > 0 ? processors : 1,
          .help = help.empty() ? "How many worker processes; default: one per processor."
                               : std::move(help),
          .min = 1};
}

Restart restart_from(const std::string& word) {
  if (word == "reload") return Restart::reload;
  if (word == "mutate") return Restart::mutate;
  throw std::invalid_argument("Invalid restart_method: " + word);
}

namespace internal {

Duration graceful_shutdown_timeout(const Config& config) {
  return config.get<seconds>("graceful_shutdown_timeout");
}

Supervisor::Limits limits(const Config& config) {
  return {.graceful_shutdown_timeout = graceful_shutdown_timeout(config),
          .worker_boot_timeout = config.get<seconds>("worker_boot_timeout")};
}

Restart restart_method(const Config& config) {
  return restart_from(config.get<std::string>("restart_method"));
}

}  // namespace internal
}  // namespace thane
