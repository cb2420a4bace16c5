#include "servers.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace thane::bench {

namespace {

using namespace std::chrono_literals;

constexpr auto start_limit = 10s;
constexpr auto settle = 150ms;  // After the last worker appeared: time to become quiet.

/// Writes the configuration.
std::vector<std::string> command_of(const Server& server, const Place& place, const Setup& setup) {
  std::vector<std::string> command{server.program};
  command.insert(command.end(), server.arguments.begin(), server.arguments.end());
  if (server.configuration.empty()) {
    command.push_back(std::to_string(place.port));
  } else {
    const auto file = place.folder / server.configuration;
    std::ofstream{file} << server.configure(place, setup);
    command.push_back(file);
  }
  return command;
}

}  // namespace

bool is_installed(const Server& server) {
  return ::access(server.program.c_str(), X_OK) == 0 &&
         (server.plugin.empty() || std::filesystem::exists(server.plugin));
}

TemporaryFolder::TemporaryFolder() {
  std::string name = std::filesystem::temp_directory_path() / "thane-bench.XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

RunningServer::RunningServer(const Server& server, const Setup& setup)
    : server_(server),
      setup_(setup),
      place_{.folder = folder_.path(), .port = free_port()},
      program_(command_of(server, place_, setup), {.log = folder_.path() / "log",
                                                   .open_files = setup.open_files,
                                                   .processor = setup.processor}) {}

void RunningServer::wait_until_listening() {
  const auto deadline = Clock::now() + start_limit;
  while (!HttpConnection{port()}.connected()) {
    if (Clock::now() > deadline || program_.ended()) {
      throw std::runtime_error(server_.name + " does not start");
    }
    std::this_thread::sleep_for(settle / 10);
  }
}

void RunningServer::wait_until_up() {
  if (!until_answer(port(), start_limit)) throw std::runtime_error("it does not start");
  const auto processes = static_cast<std::size_t>(setup_.workers);
  (void)program_.wait_for_children(server_.has_workers ? processes : 1, start_limit);
  std::this_thread::sleep_for(settle);
}

void RunningServer::reload() {
  if (server_.reload) {
    server_.reload(place_);
  } else {
    program_.signal(server_.reload_signal);
  }
}

void RunningServer::break_configuration() {
  std::ofstream{place_.folder / server_.configuration, std::ios::app} << server_.broken_line
                                                                      << "\n";
}

long RunningServer::log_lines() const {
  std::ifstream log{folder_.path() / "log"};
  return std::count(std::istreambuf_iterator<char>{log}, {}, '\n');
}

}  // namespace thane::bench
