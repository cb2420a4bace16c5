// The servers that are measured beside each other: how each is configured, started, told and
// broken.
#pragma once

#include <signal.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "http_exchange.hpp"
#include "measured_program.hpp"

namespace thane::bench {

/// What a measurement wants; each server says it in its own words.
struct Setup {
  int workers = 4;
  std::chrono::seconds drain_limit{30};    ///< How long a graceful stop may take.
  std::chrono::seconds hang_limit{0};      ///< How long a worker may be silent; 0: the default.
  bool dies_young = false;                 ///< Each worker ends 50 ms after it has started.
  bool one_at_a_time = false;              ///< A worker serves one request and accepts no other.
  rlim_t open_files = 0;                   ///< RLIMIT_NOFILE; 0: as many as this process.
  int processor = -1;                      ///< All that it runs on; -1: any.
  std::filesystem::path certificate = {};  ///< With its key, to speak TLS; empty: it does not.
};

/// What belongs to one start of a server.
struct Place {
  std::filesystem::path folder;
  int port = 0;
};

/// A kind of server, in one of the ways to run it.
struct Server {
  std::string name;
  std::string column;                  ///< The name of the server, whichever way it runs.
  std::string program;                 ///< With its path.
  std::string package;                 ///< That it comes with.
  std::string configuration;           ///< The name of its file; empty: it takes a port instead.
  std::vector<std::string> arguments;  ///< In front of that.
  /// The text of the file. May write other files into the folder.
  std::function<std::string(const Place&, const Setup&)> configure;
  /// Makes what every worker runs fail when it starts; empty: a user has nothing to run there.
  std::function<void(const Place&)> break_application = {};
  std::string broken_line = "this is no configuration (";
  int stop_signal = SIGTERM;  ///< The one for a graceful stop.
  int reload_signal = SIGHUP;
  std::function<void(const Place&)> reload = {};  ///< In the place of the signal.
  std::string plugin = {};                        ///< Another file that has to be there.
  bool has_workers = true;                        ///< Its processes are as many as Setup::workers.
};

/// Those of bench_supervision, thane first, in all ways; thane's program is in the folder of this
/// one.
[[nodiscard]] std::vector<Server> all_servers();
/// Those of bench_http, thane first.
[[nodiscard]] std::vector<Server> http_servers();
[[nodiscard]] bool is_installed(const Server& server);

/// A folder that goes with its owner.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// One start of a server, on a port and in a folder of its own; ends with its owner.
class RunningServer {
 public:
  explicit RunningServer(const Server& server, const Setup& setup = {});

  /// Waits until it accepts connections; throws if it does not.
  void wait_until_listening();
  /// Waits until it answers and has its processes, and a moment more; throws if it does not.
  void wait_until_up();
  void reload();
  void stop() { program_.signal(server_.stop_signal); }
  void break_configuration();
  void break_application() { server_.break_application(place_); }
  [[nodiscard]] long log_lines() const;

  [[nodiscard]] int port() const noexcept { return place_.port; }
  [[nodiscard]] MeasuredProgram& program() noexcept { return program_; }

 private:
  const Server& server_;
  Setup setup_;
  TemporaryFolder folder_;
  Place place_;
  MeasuredProgram program_;
};

}  // namespace thane::bench
