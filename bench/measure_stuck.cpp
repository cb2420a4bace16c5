#include "census.hpp"
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
  MeasuredProgram& program = running.program();
  const std::vector<pid_t> before = program.children();
  const auto stopped = Clock::now();
  ::kill(before.front(), SIGSTOP);
  if (!wait_for_new_child(program, before, hang_limit)) {
    return sheet.add_never("hang", hang_limit.count());
  }
  sheet.add("hang", {milliseconds_since(stopped)});
}

}  // namespace thane::bench
