// The part of Supervisor that decides what follows from the end of a worker that nobody asked for.
#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "supervisor.hpp"

// In this order: a service that cannot start at all ends the launch. A worker that by its policy is
// not to be replaced leaves its place empty. One restart too many, and the service gives up. Then
// the strategy tells whether the worker is replaced alone, or everything around it starts again.

namespace thane::internal {

using namespace std::chrono_literals;
using log::Level;

namespace {

// A hung worker writes down where its fibers stand; what it has not written by then is lost.
constexpr std::chrono::seconds dump_limit{1};

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

const char* word(RestartPolicy policy) {
  return policy == RestartPolicy::transient ? "transient" : "temporary";
}

const char* word(RestartStrategy strategy) {
  return strategy == RestartStrategy::one_for_all ? "one_for_all" : "rest_for_one";
}

}  // namespace

std::string describe(const Death& death) {
  return death.signal != 0 ? fmt::format("died: signal {}", death.signal)
                           : fmt::format("exited: status {}", death.status);
}

std::string details(const Death& death, Duration age) {
  std::string text;
  if (death.signal != 0) {
    const char* name = ::sigabbrev_np(death.signal);
    text += fmt::format(" signal_name=SIG{} core={}", name != nullptr ? name : "?",
                        death.core ? "yes" : "no");
  }
  text += fmt::format(" age={:.3f}s requests={} user={:.3f}s system={:.3f}s max_rss={}KiB",
                      seconds(age), death.requests, seconds(death.user_time),
                      seconds(death.system_time), death.max_rss_kib);
  if (!death.fiber.empty()) {
    text += fmt::format(" last_fiber=\"{}\"", death.fiber);
  }
  if (!death.reason.empty()) {
    text += fmt::format(" reason=\"{}\"", death.reason);
  } else if (death.out_of_memory) {
    text += " reason=\"out of memory: the kernel killed in this control group\"";
  } else if (death.signal == SIGKILL) {
    text += " reason=\"killed by somebody else; the kernel log tells if it was out of memory\"";
  }
  return text;
}

std::string Supervisor::failure_of(const Worker& worker, const Death& death) {
  if (!worker.killed_by.empty()) {
    return "did not get ready within " + worker.killed_by;
  }
  return describe(death) + (death.reason.empty() ? "" : ": " + death.reason);
}

void Supervisor::lost(const Worker& worker, const Death& death, TimePoint now) {
  Group& group = groups_[worker.service];
  group.backoff.record_death(now);
  if (group.leaving || note_start_failure(worker, death, now)) {
    return;
  }
  const bool rolling = reload_ == Reload::rolling || reload_ == Reload::rolling_back;
  if (worker.index >= group.service.workers) {  // It was one too many.
    if (rolling) roll(now);
    return;
  }
  Slot* slot = slot_of(worker);
  const RestartPolicy policy = group.service.restart;
  if (policy == RestartPolicy::temporary ||
      (policy == RestartPolicy::transient && !death.failed())) {
    slot->finished = true;
    log(Level::info, "worker {} is not replaced: {}", label(worker), word(policy));
    if (rolling) roll(now);
    start_waiting(now);
    return;
  }
  if (rolling && worker.phase != Phase::running && !slot->was_empty) {
    // It stands for one of the old generation, which is gone: nothing is left to roll from here.
    abandon_reload(fmt::format("worker {} {}", label(worker), failure_of(worker, death)), now);
    return;  // Its place has been filled again with that.
  }
  if (!group.intensity.allow(now)) {
    give_up(worker.service, worker.index, now);
  } else if (group.service.strategy != RestartStrategy::one_for_one) {
    restart_together(worker.service, now);
  } else if (!slot->current && !slot->successor && !slot->queued) {
    want_fork(worker.service, worker.index, now);
  }
}

// A service of which every worker fails before any was ready has no chance: the launch has failed.
// Later failures only degrade the service; then the back-off and the operator have the word.
bool Supervisor::note_start_failure(const Worker& worker, const Death& death, TimePoint now) {
  Group& group = groups_[worker.service];
  if (group.ever_ready || worker.phase == Phase::running || !death.failed()) {
    return false;
  }
  slot_at(worker.service, worker.index).failed_to_start = true;
  if (!std::ranges::all_of(group.slots, &Slot::failed_to_start)) {
    return false;
  }
  log(Level::critical, "service {} could not start: every worker failed before one was ready",
      group.service.name);
  exit_status_ = 3;
  stop_requested(Stop::graceful, now);
  return true;
}

void Supervisor::give_up(std::size_t service, int index, TimePoint now) {
  const Group& group = groups_[service];
  const std::string why = fmt::format("more than {} restarts in {}s", group.service.max_restarts,
                                      seconds(group.service.period));
  if (group.service.give_up == GiveUp::escalate) {
    log(Level::critical, "service {} gave up: {}", group.service.name, why);
    exit_status_ = 3;
    stop_requested(Stop::graceful, now);
    return;
  }
  slot_at(service, index).given_up = true;
  log(Level::error, "service {} degraded: {}; worker {} is not replaced until the next reload",
      group.service.name, why, label(service, index));
  if (reload_ == Reload::rolling || reload_ == Reload::rolling_back) roll(now);
}

void Supervisor::restart_together(std::size_t service, TimePoint now) {
  const RestartStrategy strategy = groups_[service].service.strategy;
  std::vector<char> together(groups_.size(), 0);
  const auto starts_after_one = [&](std::size_t other) {
    return std::ranges::any_of(groups_[other].service.after,
                               [&](std::size_t earlier) { return together[earlier] != 0; });
  };
  // A service may start after one that was launched later: hence as often as there are services.
  for (std::size_t round = 0; round < groups_.size(); ++round) {
    for (std::size_t other = 0; other < groups_.size(); ++other) {
      const bool member = strategy == RestartStrategy::one_for_all || other >= service;
      if (member || starts_after_one(other)) together[other] = 1;
    }
  }
  log(Level::warning, "services restart with {}: {}", groups_[service].service.name,
      word(strategy));
  const Duration delay = groups_[service].backoff.hold_back(now);
  for (std::size_t other = 0; other < groups_.size(); ++other) {
    Group& group = groups_[other];
    if (together[other] == 0 || group.leaving) {
      continue;
    }
    group.leaving = true;
    group.told = false;
    group.up = false;
    group.not_before = other == service ? now + delay : TimePoint::min();
    group.queue.clear();
    group.due = never;
    for (Slot& slot : group.slots) {
      slot.queued = false;
      slot.replacing = false;
    }
  }
  if (reload_ != Reload::none) {
    abandon_reload("services restart together", now);
  }
  advance_leaving(now);
}

// Services that leave do so in the reverse of the order in which they start: each when none is left
// of those that start after it. What has left, and was not the parent's end, starts again.
void Supervisor::advance_leaving(TimePoint now) {
  for (std::size_t service = 0; service < groups_.size(); ++service) {
    Group& group = groups_[service];
    if (!group.leaving || group.told) {
      continue;
    }
    bool needed = false;
    for (std::size_t later = 0; later < groups_.size(); ++later) {
      const auto& after = groups_[later].service.after;
      needed = needed || (groups_[later].leaving &&
                          std::ranges::find(after, service) != after.end() && any_worker_of(later));
    }
    if (needed) {
      continue;
    }
    group.told = true;
    for (auto& [key, worker] : workers_) {
      if (worker.service == service && worker.phase != Phase::draining) {
        drain(worker, key, now);
      }
    }
  }
  if (stopping_) {
    return;
  }
  for (std::size_t service = 0; service < groups_.size(); ++service) {
    Group& group = groups_[service];
    if (group.leaving && group.told && !any_worker_of(service)) {
      group.leaving = false;
    }
  }
  start_waiting(now);
}

// Nothing runs, and nothing will: as when the last of some transient jobs has done its work.
void Supervisor::check_finished(TimePoint now) {
  if (stopping_ || groups_.empty() || !workers_.empty()) {
    return;
  }
  for (const Group& group : groups_) {
    if (!std::ranges::all_of(group.slots, &Slot::finished)) {
      return;
    }
  }
  log(Level::info, "every service has ended");
  stop_requested(Stop::graceful, now);
}

void Supervisor::look_for_hang(WorkerKey key, Worker& worker, TimePoint now) {
  if (now >= worker.hang.next_look()) {
    worker.hang.end();  // Until the answer.
    push(TakePulse{key});
  }
}

void Supervisor::pulse(WorkerKey key, const Pulse& pulse, TimePoint now) {
  Worker& worker = workers_.at(key);
  if (worker.phase != Phase::running && worker.phase != Phase::draining) {
    return;
  }
  if (worker.hang.look(pulse, now, limits_.worker_timeout) == HangWatch::Verdict::alive) {
    return;
  }
  log(Level::error, "worker {} hung: no sign of life for {:.1f}s pid={} generation={}",
      label(worker), seconds(now - worker.hang.heard()), worker.pid, worker.generation);
  worker.phase = Phase::dumping;
  worker.killed_by = "worker_timeout";
  worker.deadline = now + dump_limit;
  push(SendSignal{key, SIGABRT});
  Slot* slot = slot_of(worker);
  if (stopping_ || slot == nullptr || slot->current != key) {
    return;
  }
  slot->current.reset();  // Its successor does not wait for its end.
  Worker seen = worker;
  seen.phase = Phase::running;
  worker.planned = true;
  lost(seen, {.signal = SIGABRT}, now);
}

}  // namespace thane::internal
