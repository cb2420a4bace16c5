#include <algorithm>
#include <thread>

#include "measurements.hpp"

// A worker that does not move any more, as if it were caught in the kernel: SIGSTOP.

namespace thane::bench {

namespace {

using namespace std::chrono_literals;

constexpr auto deadline = 2s;  // What every server is told, of a stop and of a silent worker.
constexpr auto hang_limit = 8s;

}  // namespace

void measure_stuck_stop(const Server& server, Sheet& sheet) {
  RunningServer running{server, {.drain_limit = deadline}};
  running.wait_until_up();
  ::kill(running.program().children().front(), SIGSTOP);
  add_stop(sheet, "stuck stop", running);
}

void measure_hang(const Server& server, Sheet& sheet) {
  RunningServer running{server, {.hang_limit = deadline}};
  running.wait_until_up();
  const pid_t stuck = running.program().children().front();
  const Watched worker{{stuck}};
  const auto stopped = Clock::now();
  ::kill(stuck, SIGSTOP);
  if (!worker.all_gone(hang_limit)) return sheet.add_never("hang", hang_limit.count());
  sheet.add("hang", {milliseconds_since(stopped)});
}

}  // namespace thane::bench
