// How a service is launched.
#pragma once

#include <string>

namespace thane {

/// What SIGHUP does.
enum class Restart {
  reload,  ///< New workers with the new configuration (in the one process: stop, reset, start).
  mutate,  ///< The same workers; only options marked mutable change, then reset().
};

/// Throws std::invalid_argument "Invalid restart_method: ..." for any other word (oslo row SV-7).
[[nodiscard]] Restart restart_from(const std::string& word);

struct LaunchOptions {
  int workers = 1;        ///< How many processes run the service; at least 1.
  std::string name = {};  ///< For log lines; default: ServiceBase::name().
};

}  // namespace thane
