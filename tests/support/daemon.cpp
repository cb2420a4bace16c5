#include "daemon.hpp"

#include <signal.h>

#include <algorithm>
#include <cstdlib>

#include "eventually.hpp"
#include "process_info.hpp"

namespace thane::testing {

Daemon::~Daemon() {
  const pid_t left = pid();
  const auto holds_it = [&](const auto& fd) { return fd.second == pid_file(); };
  if (left > 1 && std::ranges::any_of(open_fds(left), holds_it)) {  // Not a stranger's number.
    ::kill(left, SIGKILL);                                          // Its workers learn of it.
  }
}

Daemon::Started Daemon::start(const std::string& program, const std::vector<std::string>& arguments,
                              const ChildOptions& options) {
  ChildProcess command{program, with(arguments), options};
  const Exit exit = command.wait_exit();
  return {exit, command.messages_so_far()};
}

std::vector<std::string> Daemon::with(std::vector<std::string> arguments) const {
  arguments.insert(arguments.end(),
                   {"--daemonize", "--pid-file", pid_file(), "--log-file", log_file()});
  return arguments;
}

pid_t Daemon::pid() const {
  return std::atoi(read_text(pid_file()).c_str());
}

std::string Daemon::log() const {
  return read_text(log_file());
}

bool Daemon::logs(const std::string& text) const {
  return eventually([&] { return log().find(text) != std::string::npos; });
}

bool Daemon::ends_by(int number) const {
  const pid_t running = pid();
  return running > 1 && ::kill(running, number) == 0 && eventually_gone(running);
}

}  // namespace thane::testing
