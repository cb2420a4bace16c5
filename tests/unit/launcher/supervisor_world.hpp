// A Supervisor with a pretended machine around it: forks succeed, time and deaths are the test's.
#pragma once

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "supervisor.hpp"

namespace thane::testing {

inline constexpr internal::Death killed{.signal = SIGKILL};

struct World {
  using Key = internal::WorkerKey;

  explicit World(
      std::vector<internal::Supervisor::Service> services, Restart restart = Restart::reload,
      internal::Supervisor::Limits limits = {.graceful_shutdown_timeout = std::chrono::seconds{60},
                                             .worker_boot_timeout = std::chrono::seconds{60}})
      : supervisor(services, restart, limits) {
    for (const auto& service : services) wanted_workers.push_back(service.workers);
    supervisor.start(now);
    act();
  }

  void ready(Key key) {
    supervisor.worker_ready(key, now);
    act();
  }
  void all_ready() {
    for (const Key key : std::set<Key>{living}) ready(key);
  }
  void gives_pulse(Key key, const internal::Pulse& pulse) {
    supervisor.pulse(key, pulse, now);
    act();
  }
  void wants_recycling(Key key) {
    supervisor.recycle_requested(key, "max_requests (100)", now);
    act();
  }
  void mutated(Key key, const std::string& error = {}) {
    supervisor.mutated(key, error, now);
    act();
  }
  void dies(Key key, const internal::Death& death) {
    living.erase(key);
    supervisor.worker_gone(key, death, now);
    act();
  }
  void end_all() {
    for (const Key key : std::set<Key>{living}) dies(key, {});
  }
  void stop(internal::Stop how) {
    supervisor.stop_requested(how, now);
    act();
  }
  void hung_up(Key key) {
    supervisor.worker_hung_up(key, now);
    act();
  }
  void reload() {
    supervisor.reload_requested(now);
    act();
  }
  /// Lets time pass, and tells the supervisor at each deadline on the way.
  void pass(Duration duration) {
    const TimePoint end = now + duration;
    while (supervisor.next_deadline() <= end) {
      now = std::max(now, supervisor.next_deadline());
      supervisor.time_passed(now);
      act();
      REQUIRE(supervisor.next_deadline() > now);  // Else the parent would spin.
    }
    now = end;
  }

  [[nodiscard]] std::size_t alive() const { return living.size(); }
  [[nodiscard]] bool logged(std::string_view prefix) const {
    return std::ranges::any_of(lines, [&](const auto& line) { return line.starts_with(prefix); });
  }
  [[nodiscard]] int count(std::string_view prefix) const {
    return static_cast<int>(
        std::ranges::count_if(lines, [&](const auto& line) { return line.starts_with(prefix); }));
  }
  [[nodiscard]] std::vector<int> signals_of(Key key) { return signals[key]; }

  internal::Supervisor supervisor;
  TimePoint now{std::chrono::hours{1}};
  std::set<Key> living = {};
  std::map<Key, unsigned> generations = {};
  std::map<Key, std::vector<int>> signals = {};
  std::map<Key, int> restarts = {};
  std::map<Key, int> told_to_mutate = {};
  std::map<Key, internal::Pulse> pulses = {};  ///< What is told of whom; those not here tick.
  std::vector<int> wanted_workers = {};        ///< By the configuration
  std::string status = {};
  std::vector<std::string> lines = {};
  std::vector<std::string> notified = {};
  internal::ForkWorker last_fork = {};
  bool stop_begun = false;
  std::optional<int> finished = {};
  bool fork_fails = false;
  std::optional<int> fork_of_index_fails = {};
  std::string config_error = {};  ///< Not empty: the files are refused with it.
  int commits = 0;
  int rollbacks = 0;
  int mutations = 0;

 private:
  void act() {
    for (auto actions = supervisor.take_actions(); !actions.empty();
         actions = supervisor.take_actions()) {
      for (const auto& action : actions) {
        std::visit([this](const auto& one) { act(one); }, action);
      }
    }
  }
  void act(const internal::ForkWorker& fork) {
    REQUIRE_FALSE(stop_begun);
    last_fork = fork;
    if (fork_fails || (fork_of_index_fails && fork.index == *fork_of_index_fails)) {
      supervisor.fork_failed(fork.key, "no memory", now);
      return;
    }
    living.insert(fork.key);
    generations[fork.key] = fork.generation;
    supervisor.worker_forked(fork.key, static_cast<pid_t>(1000 + fork.key), now);
  }
  void act(const internal::SendSignal& signal) { signals[signal.key].push_back(signal.number); }
  void act(const internal::TellRestart& told) { restarts[told.key]++; }
  void act(const internal::LogLine& line) {
    if (line.level > log::Level::debug) lines.push_back(line.text);
  }
  void act(const internal::Notify& notify) { notified.push_back(notify.state); }
  void act(const internal::TellMutate& told) { told_to_mutate[told.key]++; }
  void act(const internal::TakePulse& wanted) {
    const auto found = pulses.find(wanted.key);
    supervisor.pulse(wanted.key,
                     found == pulses.end() ? internal::Pulse{.tick = now} : found->second, now);
  }
  void act(const internal::ShowStatus& shown) { status = shown.text; }
  void act(const internal::RollBackConfig&) { ++rollbacks; }
  void act(const internal::WorkerIsReady&) {}
  void act(const internal::WorkerHasEnded&) {}
  void act(const internal::StopBegins&) { stop_begun = true; }
  void act(const internal::LoadConfig&) {
    if (config_error.empty()) {
      supervisor.config_loaded(wanted_workers, now);
    } else {
      supervisor.config_refused(config_error, now);
    }
  }
  void act(const internal::CommitConfig&) { ++commits; }
  void act(const internal::MutateConfig&) {
    ++mutations;
    supervisor.set_workers(wanted_workers, now);
  }
  void act(const internal::Finish& finish) {
    REQUIRE_FALSE(finished);  // It ends once.
    finished = finish.status;
  }
};

}  // namespace thane::testing
