#include "process_options.hpp"

#include <fmt/core.h>

#include <charconv>
#include <stdexcept>

namespace thane::internal {

std::vector<AnyOpt> process_option_list() {
  return {
      Opt<bool>{.name = "daemonize",
                .default_value = false,
                .help = "Go on in the background; the command ends when all workers are ready, or "
                        "with the status of what failed. Takes log_file."},
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
      Opt<std::string>{.name = "umask",
                       .help = "Octal mask of the permissions that files do not get; empty: as it "
                               "is."},
      Opt<std::string>{.name = "chdir",
                       .help = "Directory to go to once everything else is done; empty: where the "
                               "program was started."},
      Opt<int>{.name = "max_open_files",
               .default_value = 0,
               .help = "How many files each process may have open; 0: as many as before, and more "
                       "where the workers need them.",
               .min = 0},
      Opt<bool>{.name = "capture_stdio",
                .default_value = false,
                .help = "Whether what workers, and programs that they run, print becomes lines of "
                        "the log."},
  };
}

ProcessOptions process_options(const Config& config) {
  const auto values = config.snapshot();
  const auto text = [&](const char* name) { return values->get<std::string>(name); };
  return {.daemonize = values->get<bool>("daemonize"),
          .max_open_files = values->get<int>("max_open_files"),
          .umask = text("umask"),
          .chdir = text("chdir"),
          .user = text("user"),
          .group = text("group"),
          .pid_file = text("pid_file"),
          .log_file = text("log_file")};
}

bool captures_stdio(const Snapshot& values) {
  return values.get<bool>("capture_stdio");
}

DescriptorsEach descriptors_each(const Snapshot& values) {
  return captures_stdio(values) ? DescriptorsEach::captured : DescriptorsEach::plain;
}

std::optional<mode_t> umask_from(const std::string& text) {
  if (text.empty()) {
    return std::nullopt;
  }
  constexpr unsigned most = 0777;
  unsigned mask = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mask, 8);
  if (error != std::errc{} || end != text.data() + text.size() || mask > most) {
    throw std::runtime_error(
        fmt::format("umask = {}: it takes an octal number from 0 to 777, as 027", text));
  }
  return static_cast<mode_t>(mask);
}

}  // namespace thane::internal
