#include "process_options.hpp"

namespace thane::internal {

std::vector<AnyOpt> process_option_list() {
  return {
      Opt<std::string>{
          .name = "user",
          .help = "User to become once all sockets are bound, by name or number; empty: whoever "
                  "started the program."},
      Opt<std::string>{.name = "group",
                       .help = "Group to become, by name or number; empty: that of user."},
      Opt<std::string>{.name = "pid_file",
                       .help =
                           "File that holds the number of the process while it runs, and a lock "
                           "that keeps a second one from starting."},
  };
}

ProcessOptions process_options(const Config& config) {
  const auto values = config.snapshot();
  const auto text = [&](const char* name) { return values->get<std::string>(name); };
  return {.user = text("user"),
          .group = text("group"),
          .pid_file = text("pid_file"),
          .log_file = text("log_file")};
}

}  // namespace thane::internal
