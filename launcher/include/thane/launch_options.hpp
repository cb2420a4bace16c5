// How a service is launched, and what becomes of it when its workers die.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace thane {

/// What SIGHUP does.
enum class Restart {
  reload,  ///< New workers with the new configuration (in the one process: stop, reset, start).
  mutate,  ///< The same workers; only options marked mutable change, then reset().
};

/// Throws std::invalid_argument "Invalid restart_method: ..." for any other word (oslo row SV-7).
[[nodiscard]] Restart restart_from(const std::string& word);

/// Which workers are replaced when they end without being told to; the words of Erlang/OTP's
/// supervisor(3).
enum class RestartPolicy {
  permanent,  ///< All.
  transient,  ///< Those that die of a signal or exit with another status than 0.
  temporary,  ///< None.
};

/// Who else is stopped (those that others start after last) and started again, in order, when a
/// worker of this service is replaced.
enum class RestartStrategy {
  one_for_one,   ///< Nobody.
  one_for_all,   ///< Every worker of every service.
  rest_for_one,  ///< Those of this service, and of all that were launched later or start after it.
};

/// What follows when more workers had to be replaced than `max_restarts` allows.
enum class GiveUp {
  escalate,  ///< Everything stops, with status 3: whoever supervises the parent decides.
  degrade,   ///< The worker's place stays empty until the next reload; everything else goes on.
};

struct LaunchOptions {
  int workers = 1;        ///< How many processes run the service; at least 1.
  std::string name = {};  ///< For log lines; default: ServiceBase::name().

  /// An option of the configuration that gives the number of workers instead, now and at each
  /// reload: "workers" or "web.workers". Empty: the number stays.
  std::string workers_option = {};

  /// Names of services that have to be ready before this one starts; it stops before they do.
  /// A name that nobody has, and a circle, are errors at wait().
  std::vector<std::string> after = {};

  RestartPolicy restart = RestartPolicy::permanent;
  RestartStrategy strategy = RestartStrategy::one_for_one;

  int max_restarts = 0;            ///< So many replacements within `period` are borne; 0: any.
  std::chrono::seconds period{5};  ///< At least 1 s.
  GiveUp give_up = GiveUp::escalate;
};

}  // namespace thane
