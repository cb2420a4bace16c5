// The launcher's options about the process itself: who it is, where, and what names it.
#pragma once

#include <string>
#include <vector>

#include <thane/config.hpp>

namespace thane::internal {

struct ProcessOptions {
  std::string user;
  std::string group;
  std::string pid_file;
  std::string log_file;  // Core's option.
};

/// For launcher_options().
[[nodiscard]] std::vector<AnyOpt> process_option_list();
[[nodiscard]] ProcessOptions process_options(const Config& config);

}  // namespace thane::internal
