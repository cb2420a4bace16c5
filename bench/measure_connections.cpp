#include <fmt/core.h>
#include <sys/socket.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <stdexcept>
#include <thread>

#include <thane/check.hpp>

#include "measurements.hpp"

// More connections than descriptors, and who gets the connections.

namespace thane::bench {

namespace {

using namespace std::chrono_literals;

constexpr rlim_t open_files = 48;
constexpr int too_many = 120;
constexpr int workers_too_few = 2;  // 2 * 48 < 120
constexpr auto full_window = 5s;
constexpr auto recovery_limit = 10s;
constexpr int sequential = 1000;
constexpr int long_lived = 64;
constexpr auto long_lived_apart = 5ms;  // Each finds all workers at rest.

double cpu_of_all(const MeasuredProgram& program) {
  double sum = cpu_milliseconds(program.pid());
  for (const pid_t pid : program.children()) sum += cpu_milliseconds(pid);
  return sum;
}

long switches_of_workers(const MeasuredProgram& program) {
  long sum = 0;
  for (const pid_t pid : program.children()) sum += voluntary_switches(pid);
  return sum;
}

/// Connections that ask nothing; those that find no place in a queue wait for one.
std::vector<UniqueFd> silent_connections(int port, int count) {
  std::vector<UniqueFd> connections;
  const sockaddr_in address = loopback(port);
  for (int i = 0; i < count; ++i) {
    constexpr int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    connections.emplace_back(check(::socket(AF_INET, type, 0), "socket"));
    // Fails with EINPROGRESS as a rule.
    (void)::connect(connections.back().get(), reinterpret_cast<const sockaddr*>(&address),
                    sizeof address);
  }
  return connections;
}

using Counts = std::map<std::string, int>;  // By the body of the answer: the worker.

Counts ask_in_turn(int port) {
  Counts counts;
  for (int i = 0; i < sequential; ++i) {
    const auto worker = http_get(port, "/pid");
    if (!worker) throw std::runtime_error("a request was not answered");
    ++counts[*worker];
  }
  return counts;
}

void add_counts(Sheet& sheet, const std::string& row, const Counts& counts, std::size_t workers) {
  std::vector<int> sorted(workers, 0);
  std::transform(counts.begin(), counts.end(), sorted.begin(),
                 [](const auto& worker) { return worker.second; });
  std::sort(sorted.begin(), sorted.end(), std::greater<>{});
  const double ratio = sorted.back() == 0 ? never : double(sorted.front()) / sorted.back();
  std::string text;
  for (const int count : sorted) text += (text.empty() ? "" : "/") + std::to_string(count);
  sheet.add(row, {ratio, text});
}

}  // namespace

void measure_descriptors(const Server& server, Sheet& sheet) {
  RunningServer running{server, {.workers = workers_too_few, .open_files = open_files}};
  if (!until_answer(running.port(), 3s)) {
    return sheet.add("descriptors CPU", {never, "does not start"});
  }
  running.wait_until_up();
  const long lines = running.log_lines();
  const double cpu = cpu_of_all(running.program());
  std::vector<UniqueFd> connections = silent_connections(running.port(), too_many);
  std::this_thread::sleep_for(full_window);
  const std::chrono::duration<double, std::milli> window = full_window;
  sheet.add("descriptors CPU", {(cpu_of_all(running.program()) - cpu) / window.count() * 100});
  sheet.add("descriptors lines", {static_cast<double>(running.log_lines() - lines)});
  const auto closed = Clock::now();
  connections.clear();
  if (!until_answer(running.port(), recovery_limit)) {
    return sheet.add_never("descriptors recovery", recovery_limit.count());
  }
  sheet.add("descriptors recovery", {milliseconds_since(closed)});
}

void measure_sequential(const Server& server, Sheet& sheet) {
  const Setup setup;
  RunningServer running{server, setup};
  running.wait_until_up();
  const long before = switches_of_workers(running.program());
  add_counts(sheet, "sequential", ask_in_turn(running.port()),
             static_cast<std::size_t>(setup.workers));
  const auto wake_ups = static_cast<double>(switches_of_workers(running.program()) - before);
  sheet.add("sequential wake-ups", {wake_ups / sequential});
}

void measure_long_lived(const Server& server, Sheet& sheet) {
  const Setup setup;
  RunningServer running{server, setup};
  running.wait_until_up();
  (void)ask_in_turn(running.port());  // What holds from the start is not what holds for good.
  std::deque<HttpConnection> connections;
  Counts counts;
  for (int i = 0; i < long_lived; ++i) {
    HttpConnection& connection = connections.emplace_back(running.port());
    connection.send_get("/pid", Connections::kept);
    const auto worker = connection.receive();
    if (!worker) throw std::runtime_error("a request was not answered");
    ++counts[*worker];
    std::this_thread::sleep_for(long_lived_apart);
  }
  add_counts(sheet, "long-lived", counts, static_cast<std::size_t>(setup.workers));
}

}  // namespace thane::bench
