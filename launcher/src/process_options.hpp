// The launcher's options about the process itself: who it is, where, and what names it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include <thane/config.hpp>

#include "hygiene.hpp"

namespace thane::internal {

struct ProcessOptions {
  bool daemonize;
  int max_open_files;  // 0: as it is.
  std::string umask;
  std::string chdir;
  std::string user;
  std::string group;
  std::string pid_file;
  std::string log_file;  // Core's option.
};

/// For launcher_options().
[[nodiscard]] std::vector<AnyOpt> process_option_list();
[[nodiscard]] ProcessOptions process_options(const Config& config);

/// The option capture_stdio, which may differ from one generation of workers to the next.
[[nodiscard]] bool captures_stdio(const Snapshot& values);
[[nodiscard]] DescriptorsEach descriptors_each(const Snapshot& values);

/// What the option umask says; nothing if it is empty. Throws std::runtime_error if it is no octal
/// number from 0 to 777.
[[nodiscard]] std::optional<mode_t> umask_from(const std::string& text);

}  // namespace thane::internal
