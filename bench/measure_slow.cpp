#include <fmt/core.h>

#include <deque>
#include <thread>

#include "measurements.hpp"

// Four requests that take two seconds, and eight that wait behind them in the listen queue.

namespace thane::bench {

namespace {

using namespace std::chrono_literals;

constexpr int requests = 12;
constexpr auto all_sent = 500ms;
constexpr auto limit = 12s;

/// Asks, calls `act`, and counts what was answered.
template <class Act>
void count_answers(RunningServer& running, Sheet& sheet, const std::string& row, Act act) {
  running.wait_until_up();
  std::deque<HttpConnection> connections;
  for (int i = 0; i < requests; ++i) {
    connections.emplace_back(running.port()).send_get("/slow", Connections::anew);
  }
  std::this_thread::sleep_for(all_sent);
  act();
  const auto deadline = Clock::now() + limit;
  int answered = 0;
  for (HttpConnection& connection : connections) {
    const auto left = deadline - Clock::now();
    if (connection.receive(std::chrono::duration_cast<std::chrono::milliseconds>(left))) {
      ++answered;
    }
  }
  sheet.add(
      row, {static_cast<double>(requests - answered), fmt::format("{} of {}", answered, requests)});
}

}  // namespace

void measure_slow_stop(const Server& server, Sheet& sheet) {
  RunningServer running{server, {.one_at_a_time = true}};
  count_answers(running, sheet, "slow stop", [&] { running.stop(); });
}

void measure_slow_reload(const Server& server, Sheet& sheet) {
  RunningServer running{server, {.one_at_a_time = true}};
  count_answers(running, sheet, "slow reload", [&] { running.reload(); });
}

}  // namespace thane::bench
