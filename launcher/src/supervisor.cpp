#include "supervisor.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include <thane/assert.hpp>

namespace thane::internal {

namespace {
using log::Level;

// A fork that failed for want of memory or processes is tried again after this long.
constexpr std::chrono::seconds fork_retry{1};
}  // namespace

std::string describe(const Death& death) {
  return death.signal != 0 ? fmt::format("died: signal {}", death.signal)
                           : fmt::format("exited: status {}", death.status);
}

Supervisor::Supervisor(const std::vector<Service>& services, Restart restart, const Limits& limits)
    : restart_(restart), limits_(limits) {
  for (const Service& service : services) {
    const auto workers = static_cast<std::size_t>(service.workers);
    groups_.push_back({.name = service.name,
                       .slots = std::vector<Slot>(workers),
                       .throttle = RespawnThrottle{workers},
                       .queue = {},
                       .due = never,
                       .ever_ready = false});
  }
}

void Supervisor::start(TimePoint now) {
  refill(now);
  check_stopped();
}

// Every slot without a worker gets one, as soon as the throttle lets it.
void Supervisor::refill(TimePoint now) {
  for (std::size_t service = 0; service < groups_.size(); ++service) {
    auto& slots = groups_[service].slots;
    for (std::size_t index = 0; index < slots.size(); ++index) {
      if (!slots[index].current && !slots[index].successor && !slots[index].queued) {
        want_fork(service, static_cast<int>(index), now);
      }
    }
  }
}

void Supervisor::want_fork(std::size_t service, int index, TimePoint now) {
  Group& group = groups_[service];
  group.slots[static_cast<std::size_t>(index)].queued = true;
  group.queue.push_back(index);
  if (group.queue.size() > 1) {  // Behind one that is held back: so is this.
    log(Level::warning, "worker {} held back", label(service, index));
    return;
  }
  run_queue(service, now);
}

// Forks from the front of the queue for as long as the throttle has nothing against it. One at a
// time waits, as in oslo.service, or W workers would be forked every second where it forks one.
void Supervisor::run_queue(std::size_t service, TimePoint now) {
  Group& group = groups_[service];
  while (!group.queue.empty()) {
    if (group.due == never) {
      const Duration delay = group.throttle.delay(now);
      if (delay > Duration::zero()) {
        group.due = now + delay;
        log(Level::warning, "worker {} held back", label(service, group.queue.front()));
        return;
      }
    } else if (now < group.due) {
      return;
    }
    group.due = never;
    const int index = group.queue.front();
    group.queue.pop_front();
    group.slots[static_cast<std::size_t>(index)].queued = false;
    group.throttle.record_fork(now);
    group.slots[static_cast<std::size_t>(index)].current = fork(service, index, generation_, now);
  }
}

WorkerKey Supervisor::fork(std::size_t service, int index, unsigned generation, TimePoint now) {
  const WorkerKey key = ++last_key_;
  Worker& worker = workers_[key];
  worker.service = service;
  worker.index = index;
  worker.generation = generation;
  if (limits_.worker_boot_timeout > Duration::zero()) {
    worker.deadline = deadline_after(now, limits_.worker_boot_timeout);
  }
  push(ForkWorker{key, service, index, generation});
  return key;
}

void Supervisor::worker_forked(WorkerKey key, pid_t pid, TimePoint) {
  Worker& worker = workers_.at(key);
  worker.pid = pid;
  log(Level::info, "worker {} started pid={} generation={}", label(worker), pid, worker.generation);
}

void Supervisor::fork_failed(WorkerKey key, const std::string& reason, TimePoint now) {
  const Worker worker = workers_.at(key);
  workers_.erase(key);
  log(Level::error, "worker {} not forked: {}", label(worker), reason);
  Slot& slot = slot_of(worker);
  if (slot.successor == key) {
    slot.successor.reset();
    abandon_reload(fmt::format("worker {} not forked: {}", label(worker), reason), now);
    return;
  }
  if (slot.current != key) {
    return;  // It was to be a successor, of a reload that is given up by now.
  }
  slot.current.reset();
  Group& group = groups_[worker.service];
  slot.queued = true;
  group.queue.push_front(worker.index);
  group.due = now + fork_retry;
}

void Supervisor::worker_ready(WorkerKey key, TimePoint now) {
  Worker& worker = workers_.at(key);
  if (worker.phase != Phase::starting) {
    return;  // Told to end meanwhile.
  }
  worker.phase = Phase::running;
  worker.deadline = never;
  groups_[worker.service].ever_ready = true;
  log(Level::info, "worker {} ready pid={} generation={}", label(worker), worker.pid,
      worker.generation);
  Slot& slot = slot_of(worker);
  if (slot.successor == key) {
    successor_ready(slot, now);
  } else if (reload_ == Reload::rolling) {
    roll(now);
  }
  check_all_ready();
}

void Supervisor::check_all_ready() {
  if (ready_told_ || stopping_) {
    return;
  }
  for (const Group& group : groups_) {
    for (const Slot& slot : group.slots) {
      if (!slot.current || workers_.at(*slot.current).phase != Phase::running) {
        return;
      }
    }
  }
  ready_told_ = true;
  log(Level::info, "parent ready");
  push(Notify{"READY=1"});
}

void Supervisor::worker_gone(WorkerKey key, const Death& death, TimePoint now) {
  const Worker worker = std::move(workers_.at(key));
  workers_.erase(key);
  log(worker.planned || stopping_ ? Level::info : Level::warning,
      "worker {} {} pid={} generation={}", label(worker), describe(death), worker.pid,
      worker.generation);
  Slot& slot = slot_of(worker);
  const bool was_current = slot.current == key;
  const bool was_successor = slot.successor == key;
  if (was_current) slot.current.reset();
  if (was_successor) slot.successor.reset();

  if (stopping_) {
    const bool dismissed = worker.phase == Phase::killed && worker.killed_by.empty();
    if (death != Death{} && !dismissed) {
      exit_status_ = std::max(exit_status_, 1);
    }
    check_stopped();
    return;
  }
  if (was_successor) {
    successor_gone(worker, death, now);
    return;
  }
  if (!was_current) {
    return;  // One that was drained in a reload.
  }
  note_start_failure(worker, death, now);
  if (reload_ == Reload::rolling && worker.phase != Phase::running) {
    // It stands for one of the old generation, which is gone: nothing is left to roll from here.
    abandon_reload(fmt::format("worker {} {} before it was ready", label(worker), describe(death)),
                   now);
  }
  if (!stopping_ && !slot.current && !slot.successor && !slot.queued) {
    want_fork(worker.service, worker.index, now);
  }
}

// A service of which every worker fails before any was ready has no chance: the launch has failed.
// Later failures only degrade the service; then the throttle and the operator have the word.
void Supervisor::note_start_failure(const Worker& worker, const Death& death, TimePoint now) {
  Group& group = groups_[worker.service];
  if (group.ever_ready || worker.phase == Phase::running || death == Death{}) {
    return;
  }
  slot_of(worker).failed_to_start = true;
  if (std::ranges::all_of(group.slots, &Slot::failed_to_start)) {
    log(Level::critical, "service {} could not start: every worker failed before one was ready",
        group.name);
    exit_status_ = 3;
    stop_requested(Stop::graceful, now);
  }
}

void Supervisor::drain(Worker& worker, WorkerKey key, TimePoint now) {
  if (worker.phase == Phase::killed) {
    return;
  }
  worker.phase = Phase::draining;
  worker.planned = true;
  worker.deadline = limits_.graceful_shutdown_timeout > Duration::zero()
                        ? deadline_after(now, limits_.graceful_shutdown_timeout)
                        : never;
  push(SendSignal{key, SIGTERM});
}

void Supervisor::forward_signal(int number) {
  for (const auto& [key, worker] : workers_) {
    if (worker.phase != Phase::killed) {
      push(SendSignal{key, number});
    }
  }
}

std::vector<Action> Supervisor::take_actions() {
  return std::exchange(actions_, {});
}

std::string Supervisor::label(std::size_t service, int index) const {
  return groups_.size() == 1 ? fmt::format("{}", index)
                             : fmt::format("{}/{}", groups_[service].name, index);
}

std::string Supervisor::label(const Worker& worker) const {
  return label(worker.service, worker.index);
}

Supervisor::Slot& Supervisor::slot_of(const Worker& worker) {
  return groups_[worker.service].slots[static_cast<std::size_t>(worker.index)];
}

}  // namespace thane::internal
