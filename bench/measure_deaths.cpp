
#include "census.hpp"
#include "measurements.hpp"

// Processes that are killed, and what becomes of the others.

namespace thane::bench {

namespace {

using namespace std::chrono_literals;

constexpr auto respawn_limit = 3s;
constexpr auto orphan_limit = 16s;
constexpr auto crash_window = 12s;

}  // namespace

void measure_respawn(const Server& server, Sheet& sheet) {
  RunningServer running{server};
  running.wait_until_up();
  MeasuredProgram& program = running.program();
  const std::vector<pid_t> before = program.children();
  const auto killed = Clock::now();
  ::kill(before.front(), SIGKILL);
  if (wait_for_new_child(program, before, respawn_limit)) {
    sheet.add("respawn", {milliseconds_since(killed)});
  } else if (program.ended()) {
    sheet.add("respawn", {never, "exits"});
  } else {
    sheet.add_never("respawn", respawn_limit.count());
  }
}

/// Of two workers one is stopped and the other killed: only its successor can answer.
void measure_serving(const Server& server, Sheet& sheet) {
  RunningServer running{server, {.workers = 2}};
  running.wait_until_up();
  const std::vector<pid_t> before = running.program().children();
  ::kill(before[1], SIGSTOP);
  const auto killed = Clock::now();
  ::kill(before[0], SIGKILL);
  if (!until_answer(running.port(), respawn_limit)) {
    return sheet.add_never("serving", respawn_limit.count());
  }
  sheet.add("serving", {milliseconds_since(killed)});
}

void measure_orphans(const Server& server, Sheet& sheet) {
  RunningServer running{server};
  running.wait_until_up();
  const Watched workers{running.program().children()};
  const auto killed = Clock::now();
  running.program().signal(SIGKILL);
  if (workers.all_gone(orphan_limit)) {
    sheet.add("orphans", {milliseconds_since(killed)});
  } else {
    sheet.add_never("orphans", orphan_limit.count());
  }
  sheet.add("port of orphans", is_free(running.port()) ? Sample{0, "free"} : Sample{1, "taken"});
}

void measure_crash_loop(const Server& server, Sheet& sheet) {
  RunningServer running{server, {.dies_young = true}};
  Census census{running.program()};
  census.look_until(Clock::now() + crash_window);
  const auto seconds = static_cast<double>(crash_window.count());
  sheet.add("crash loop forks", {static_cast<double>(census.seen()) / seconds});
  sheet.add("crash loop lines", {static_cast<double>(running.log_lines())});
  if (running.program().ended()) return sheet.add("crash loop stop", {never, "exits"});
  add_stop(sheet, "crash loop stop", running);
}

}  // namespace thane::bench
