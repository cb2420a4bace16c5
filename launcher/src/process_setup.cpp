#include "process_setup.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <thane/internal/inherited_sockets.hpp>
#include <thane/internal/start_failure.hpp>
#include <thane/log.hpp>
#include <thane/log_options.hpp>

#include "hygiene.hpp"
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

void change_directory(const std::string& directory) {
  log::keep_directory();
  if (::chdir(directory.c_str()) != 0) {
    throw std::runtime_error(fmt::format("chdir = {}: user {} cannot go there: {}", directory,
                                         ::getuid(), std::strerror(errno)));
  }
}

}  // namespace

ProcessSetup::ProcessSetup(const Config& config, const std::vector<ServiceWrapper>& services,
                           Notifier& notifier, const std::function<void()>& on_starting) {
  int workers = 0;
  for (const ServiceWrapper& wrapper : services) workers += wrapper.workers;
  try {
    prepare(config, workers, notifier);
    if (on_starting) on_starting();
  } catch (...) {
    remove_pid_file();  // Who catches nothing unwinds nothing either.
    throw;
  }
  stop_reporting_start_failures();
}

void ProcessSetup::prepare(const Config& config, int workers, Notifier& notifier) {
  const ProcessOptions options = process_options(config);
  if (const auto mask = umask_from(options.umask)) {
    ::umask(*mask);
  }
  if (options.daemonize) {
    notifier.tell_of_ready(daemonize(options.log_file));
  }
  if (!options.pid_file.empty()) {
    pid_file_.emplace(options.pid_file);
  }
  const DescriptorsEach each = descriptors_each(*config.snapshot());
  if (options.max_open_files > 0) {
    set_descriptor_limit(options.max_open_files, workers, each);
  } else if (workers > 1) {
    ensure_descriptors_for(workers, each);
  }
  if (const auto identity = find_identity(options.user, options.group)) {
    hand_over_log(options.log_file, *identity);
    become(*identity);
    warn_of_what_is_lost(config, options);
  }
  if (!options.chdir.empty()) {
    change_directory(options.chdir);
  }
  close_unused_inherited_sockets();
}

}  // namespace thane::internal
