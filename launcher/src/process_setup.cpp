#include "process_setup.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <thane/internal/inherited_sockets.hpp>
#include <thane/internal/start_failure.hpp>
#include <thane/log.hpp>

#include "privileges.hpp"
#include "process_options.hpp"

namespace thane::internal {

namespace {

// What worked for who started the program may not work for who runs it. It goes on as it is, but
// whoever waits until the first SIGHUP or SIGUSR1 to learn of it learns too late.
void warn_of_what_is_lost(const Config& config, const ProcessOptions& options) {
  if (!options.log_file.empty() && ::access(options.log_file.c_str(), W_OK) != 0) {
    log::warning(
        "user {} cannot open log_file {} again, so that SIGUSR1 and SIGHUP leave it as it is: {}",
        ::getuid(), options.log_file, std::strerror(errno));
  }
  try {
    (void)config.load();
  } catch (const std::exception& error) {
    log::warning("user {} cannot read the configuration again, so that SIGHUP will fail: {}",
                 ::getuid(), error.what());
  }
}

}  // namespace

ProcessSetup::ProcessSetup(const Config& config) {
  try {
    prepare(config);
  } catch (...) {
    remove_pid_file();  // Who catches nothing unwinds nothing either.
    throw;
  }
  stop_reporting_start_failures();
}

void ProcessSetup::prepare(const Config& config) {
  const ProcessOptions options = process_options(config);
  if (!options.pid_file.empty()) {
    pid_file_.emplace(options.pid_file);
  }
  if (const auto identity = find_identity(options.user, options.group)) {
    hand_over_log(options.log_file, *identity);
    become(*identity);
    warn_of_what_is_lost(config, options);
  }
  close_unused_inherited_sockets();
}

}  // namespace thane::internal
