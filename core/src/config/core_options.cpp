#include "core_options.hpp"

#include <string>
#include <vector>

namespace thane::internal {

OptGroup core_options() {
  using Strings = std::vector<std::string>;
  return {
      "",
      {Opt<Strings>{.name = "config_file",
                    .help = "An INI file to read; may be repeated, the last one wins."},
       Opt<Strings>{.name = "config_dir",
                    .help = "A directory whose *.conf files are read before those of config_file."},
       Opt<bool>{.name = "debug",
                 .default_value = false,
                 .help = "Log at level debug, whatever log_level says.",
                 .change = Change::at_run_time},
       Opt<std::string>{
           .name = "log_level",
           .default_value = "info",
           .help = "Lines below this level are not logged.",
           .choices = {"trace", "debug", "info", "warning", "error", "critical", "off"},
           .change = Change::at_run_time},
       Opt<std::string>{
           .name = "log_file",
           .help = "Append the log to this file, which SIGUSR1 opens anew; empty: stderr, or "
                   "journald where stderr leads there.",
           .change = Change::at_run_time},
       Opt<std::string>{.name = "log_format",
                        .default_value = "text",
                        .help = "Plain text, or one JSON object a line.",
                        .choices = {"text", "json"},
                        .change = Change::at_run_time}}};
}

}  // namespace thane::internal
