#include <stdexcept>
#include <thread>

#include "measurements.hpp"

// A server's life without trouble: start, stop, idleness, many workers.

namespace thane::bench {

namespace {

using namespace std::chrono_literals;

constexpr auto start_limit = 10s;
constexpr auto stop_limit = 10s;
constexpr auto become_idle = 2s;
constexpr auto idle_window = 5s;  // How long wake-ups are counted.
constexpr int many = 500;

}  // namespace

void add_stop(Sheet& sheet, const std::string& row, RunningServer& running) {
  const auto told = Clock::now();
  running.stop();
  if (!running.program().ended(stop_limit)) return sheet.add_never(row, stop_limit.count());
  sheet.add(row, {milliseconds_since(told)});
}

void measure_start(const Server& server, Sheet& sheet) {
  RunningServer running{server};
  if (!until_answer(running.port(), start_limit)) throw std::runtime_error("it does not start");
  sheet.add("start", {milliseconds_since(running.program().started())});
}

void measure_stop(const Server& server, Sheet& sheet) {
  RunningServer running{server};
  running.wait_until_up();
  add_stop(sheet, "stop", running);
}

void measure_idle(const Server& server, Sheet& sheet) {
  RunningServer running{server};
  running.wait_until_up();
  std::this_thread::sleep_for(become_idle);
  std::vector<pid_t> all = running.program().children();
  all.push_back(running.program().pid());
  std::vector<long> before;
  for (const pid_t pid : all) before.push_back(voluntary_switches(pid));
  std::this_thread::sleep_for(idle_window);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto wake_ups = static_cast<double>(voluntary_switches(all[i]) - before[i]);
    const std::string who = all[i] == running.program().pid() ? " parent" : " worker";
    sheet.add("wake-ups" + who, {wake_ups / static_cast<double>(idle_window.count())});
    sheet.add("PSS" + who, {static_cast<double>(pss_kib(all[i]))});
  }
}

void measure_many(const Server& server, Sheet& sheet) {
  RunningServer running{server, {.workers = many}};
  (void)running.program().wait_for_children(many, start_limit);
  sheet.add("many forked", {milliseconds_since(running.program().started())});
  std::this_thread::sleep_for(become_idle);
  add_stop(sheet, "many stopped", running);
}

}  // namespace thane::bench
