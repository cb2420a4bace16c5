// Options from the command line.
#pragma once

#include <string>
#include <vector>

#include <thane/config.hpp>

#include "assignment.hpp"

namespace thane::internal {

/// The command line is wrong, rather than what it refers to: another exit status.
class command_line_error : public config_error {
 public:
  using config_error::config_error;
};

/// What the program is to do instead of its work.
enum class Action {
  none,
  help,
  version,
  check_config,
  dump_config,
  sample_config,
  options_markdown,
};

/// A flag that asks for an action.
struct ActionFlag {
  Action action;
  std::string_view name;  ///< "dump-config".
  std::string_view help;
};
[[nodiscard]] const std::vector<ActionFlag>& action_flags();

struct CommandLine {
  Action action = Action::none;
  Layer layer;
  Warnings warnings;
};

/// `arguments` without the name of the program. Throws command_line_error.
[[nodiscard]] CommandLine parse_command_line(const OptRegistry& registry,
                                             const std::vector<std::string>& arguments);

}  // namespace thane::internal
