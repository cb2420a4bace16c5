#include <fmt/core.h>

#include <algorithm>
#include <thread>

#include "census.hpp"
#include "load.hpp"
#include "measurements.hpp"

// Reloads while sixteen clients ask all the time.

namespace thane::bench {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t clients = 16;
constexpr int reloads = 8;
constexpr auto apart = 1200ms;
constexpr int storm = 200;
constexpr auto storm_apart = 10ms;
constexpr auto storm_limit = 15s;  // How long it may go on after the last signal.
constexpr auto quiet = 2s;         // So long without a change is the end of it.
constexpr auto broken_window = 4s;

void add_failures(Sheet& sheet, const std::string& row, const LoadReport& report,
                  MeasuredProgram& program) {
  const std::string text = program.ended() ? "dies, " + std::to_string(report.failed()) + " failed"
                                           : report.failures_text();
  sheet.add(row, {static_cast<double>(report.failed()), text});
}

void reload_under_load(const Server& server, Sheet& sheet, Connections connections) {
  RunningServer running{server};
  running.wait_until_up();
  Load load{running.port(), clients, connections};
  for (int i = 0; i < reloads; ++i) {
    std::this_thread::sleep_for(apart);
    running.reload();
  }
  std::this_thread::sleep_for(apart);
  const LoadReport report = load.end();
  const std::string what = connections == Connections::anew ? "anew " : "kept ";
  sheet.add(what + "answered", {static_cast<double>(report.answered)});
  add_failures(sheet, what + "failed", report, running.program());
  if (connections == Connections::kept) {
    sheet.add("kept reused", {static_cast<double>(report.reused)});
  }
  sheet.add(what + "p99", {report.percentile(0.99)});
  sheet.add(what + "p99.9", {report.percentile(0.999)});
  sheet.add(what + "max", {report.percentile(1)});
  sheet.add(what + "gap", {report.longest_gap});
}

/// A reload that has to fail: what clients see of it, and what it costs.
void reload_in_vain(RunningServer& running, Sheet& sheet, const std::string& row) {
  Load load{running.port(), clients, Connections::anew};
  std::this_thread::sleep_for(apart);
  Census census{running.program()};
  const std::size_t before = census.seen();
  running.reload();
  census.look_until(Clock::now() + broken_window);
  const LoadReport report = load.end();
  add_failures(sheet, row, report, running.program());
  sheet.add(row + " forks", {static_cast<double>(census.seen() - before)});
}

}  // namespace

void measure_reload(const Server& server, Sheet& sheet) {
  reload_under_load(server, sheet, Connections::anew);
}

void measure_reload_kept(const Server& server, Sheet& sheet) {
  reload_under_load(server, sheet, Connections::kept);
}

void measure_broken_configuration(const Server& server, Sheet& sheet) {
  RunningServer running{server};
  running.wait_until_up();
  running.break_configuration();
  reload_in_vain(running, sheet, "broken configuration");
}

void measure_broken_application(const Server& server, Sheet& sheet) {
  RunningServer running{server};
  running.wait_until_up();
  running.break_application();
  reload_in_vain(running, sheet, "broken application");
}

void measure_reload_storm(const Server& server, Sheet& sheet) {
  RunningServer running{server};
  running.wait_until_up();
  Load load{running.port(), clients, Connections::anew};
  Census census{running.program()};
  for (int i = 0; i < storm && !running.program().ended(); ++i) {
    running.reload();
    census.look_until(Clock::now() + storm_apart);
  }
  const auto last = Clock::now();
  const auto quiet_since = [&] { return std::max(last, census.changed()); };
  while (Clock::now() < last + storm_limit && Clock::now() < quiet_since() + quiet) {
    census.look_until(Clock::now() + 100ms);
  }
  const bool calm = Clock::now() >= quiet_since() + quiet;
  const LoadReport report = load.end();
  add_failures(sheet, "storm failed", report, running.program());
  sheet.add("storm processes", {static_cast<double>(census.seen())});
  sheet.add("storm most", {static_cast<double>(census.most())});
  if (!calm) return sheet.add_never("storm quiet", storm_limit.count());
  sheet.add("storm quiet", {std::chrono::duration<double>(quiet_since() - last).count()});
}

}  // namespace thane::bench
