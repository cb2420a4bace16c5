// What bench_supervision does to a server: one function for each measurement.
#pragma once

#include <string>
#include <vector>

#include "servers.hpp"
#include "sheet.hpp"

namespace thane::bench {

struct Measurement {
  std::string name;  ///< On the command line.
  int rounds;        ///< How often, if the command line does not say.
  std::vector<std::string> servers;
  void (*measure)(const Server&, Sheet&);
};

/// In the order in which they run.
[[nodiscard]] const std::vector<Measurement>& all_measurements();

/// Stops it gracefully; the milliseconds it took, or that it did not end in ten seconds.
void add_stop(Sheet& sheet, const std::string& row, RunningServer& running);

// measure_life.cpp
void measure_start(const Server& server, Sheet& sheet);
void measure_stop(const Server& server, Sheet& sheet);
void measure_idle(const Server& server, Sheet& sheet);
void measure_many(const Server& server, Sheet& sheet);

// measure_deaths.cpp
void measure_respawn(const Server& server, Sheet& sheet);
void measure_serving(const Server& server, Sheet& sheet);
void measure_orphans(const Server& server, Sheet& sheet);
void measure_crash_loop(const Server& server, Sheet& sheet);

// measure_stuck.cpp
void measure_stuck_stop(const Server& server, Sheet& sheet);
void measure_hang(const Server& server, Sheet& sheet);

// measure_reload.cpp
void measure_reload(const Server& server, Sheet& sheet);
void measure_reload_kept(const Server& server, Sheet& sheet);
void measure_broken_configuration(const Server& server, Sheet& sheet);
void measure_broken_application(const Server& server, Sheet& sheet);
void measure_reload_storm(const Server& server, Sheet& sheet);

// measure_slow.cpp
void measure_slow_stop(const Server& server, Sheet& sheet);
void measure_slow_reload(const Server& server, Sheet& sheet);

// measure_connections.cpp
void measure_descriptors(const Server& server, Sheet& sheet);
void measure_sequential(const Server& server, Sheet& sheet);
void measure_long_lived(const Server& server, Sheet& sheet);

}  // namespace thane::bench
