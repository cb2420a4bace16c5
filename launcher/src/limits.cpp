#include "limits.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

#include <thane/launch.hpp>

#include "process_options.hpp"

namespace thane {

namespace {
using std::chrono::milliseconds;
using std::chrono::seconds;
}  // namespace

OptGroup launcher_options() {
  OptGroup group{
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
       Opt<seconds>{.name = "worker_timeout",
                    .default_value = seconds{30},
                    .help = "A worker whose event loop does not turn for so long is hung: it "
                            "writes its stacks to the log and is replaced; 0: never.",
                    .change = Change::at_run_time},
       Opt<milliseconds>{.name = "stall_warning",
                         .default_value = milliseconds{100},
                         .help = "A fiber that keeps the event loop for so long is named in the "
                                 "log, with its stack; 0: never.",
                         .change = Change::at_run_time},
       Opt<std::string>{.name = "restart_method",
                        .default_value = "reload",
                        .help = "What SIGHUP does: reload replaces the workers, mutate keeps them "
                                "and takes up options that may change at run time.",
                        .choices = {"reload", "mutate"}},
       Opt<int>{.name = "max_generations",
                .default_value = 3,
                .help = "How many generations of workers may be alive; a reload tells the oldest "
                        "to end at once if there are more.",
                .min = 2,
                .change = Change::at_run_time},
       Opt<int>{.name = "max_unavailable",
                .default_value = 0,
                .help = "How many workers of a service may be missing while a reload or a "
                        "recycling replaces them; 0: a new one is ready before an old one ends.",
                .min = 0,
                .change = Change::at_run_time},
       Opt<std::int64_t>{.name = "max_requests",
                         .default_value = 0,
                         .help = "Requests after which a worker is replaced; 0: any number.",
                         .min = 0},
       Opt<seconds>{.name = "max_lifetime",
                    .default_value = seconds{0},
                    .help = "Time after which a worker is replaced; 0: never."},
       Opt<std::int64_t>{.name = "max_rss",
                         .default_value = 0,
                         .help = "Resident memory in MiB above which a worker is replaced; 0: any.",
                         .min = 0},
       Opt<int>{.name = "recycle_jitter",
                .default_value = 10,
                .help = "By up to so many percent each worker's max_requests and max_lifetime are "
                        "longer, at random, so that not all pass them at once.",
                .min = 0,
                .max = 1000},
       Opt<bool>{.name = "log_options",
                 .default_value = true,
                 .help = "Log the value of every option at debug level when services start."}}};
  const auto of_process = internal::process_option_list();
  group.options.insert(group.options.end(), of_process.begin(), of_process.end());
  return group;
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

Duration worker_timeout(const Config& config) {
  return config.get<seconds>("worker_timeout");
}

Duration stall_warning(const Config& config) {
  return config.get<milliseconds>("stall_warning");
}

RecycleLimits recycle_limits(const Config& config) {
  return {.requests = static_cast<std::uint64_t>(config.get<std::int64_t>("max_requests")),
          .lifetime = config.get<seconds>("max_lifetime"),
          .rss_kib = static_cast<std::uint64_t>(config.get<std::int64_t>("max_rss")) * 1024,
          .jitter_percent = config.get<int>("recycle_jitter")};
}

Supervisor::Limits limits(const Config& config) {
  return {.graceful_shutdown_timeout = graceful_shutdown_timeout(config),
          .worker_boot_timeout = config.get<seconds>("worker_boot_timeout"),
          .worker_timeout = worker_timeout(config),
          .max_generations = config.get<int>("max_generations"),
          .max_unavailable = config.get<int>("max_unavailable")};
}

Restart restart_method(const Config& config) {
  return restart_from(config.get<std::string>("restart_method"));
}

}  // namespace internal
}  // namespace thane
