#include "supervisor.hpp"

#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "notify.hpp"

namespace thane::internal {

using namespace std::chrono_literals;
using log::Level;

namespace {
// A fork that failed for want of memory or processes is tried again after this long.
constexpr std::chrono::seconds fork_retry{1};
// From this many delays in a row on, a crash loop is told by one line for each end.
constexpr unsigned quiet_level = 2;
// And it is over when a worker that came after a delay has served for so long.
constexpr std::chrono::seconds proof{1};
}  // namespace

Supervisor::Supervisor(const std::vector<Service>& services, Restart restart, const Limits& limits)
    : restart_(restart), limits_(limits) {
  for (const Service& service : services) {
    const auto workers = static_cast<std::size_t>(service.workers);
    const auto seed = static_cast<unsigned>(groups_.size() + 1);
    groups_.push_back({.service = service,
                       .slots = std::vector<Slot>(workers),
                       .backoff = RestartBackoff{workers, seed},
                       .intensity = {service.max_restarts, service.period}});
  }
}

void Supervisor::set_limits(const Limits& limits, TimePoint now) {
  const bool watched_anew = limits.worker_timeout != limits_.worker_timeout;
  limits_ = limits;
  for (auto& [key, worker] : workers_) {
    if (watched_anew && (worker.phase == Phase::running || worker.phase == Phase::draining)) {
      worker.hang.begin(now, limits_.worker_timeout);
    }
  }
}

void Supervisor::start(TimePoint now) {
  patience_due_ = now + patience_interval;
  if (watchdog_interval_ > Duration::zero()) {
    watchdog_due_ = now + watchdog_interval_;
  }
  start_waiting(now);
  check_stopped();
}

// Services start when those that they start after are ready.
void Supervisor::start_waiting(TimePoint now) {
  if (stopping_) {
    return;
  }
  for (std::size_t service = 0; service < groups_.size(); ++service) {
    Group& group = groups_[service];
    if (group.up || group.leaving || now < group.not_before) {
      continue;
    }
    group.not_before = TimePoint::min();
    if (std::ranges::all_of(group.service.after,
                            [this](std::size_t earlier) { return is_ready(groups_[earlier]); })) {
      group.up = true;
      bring_up(service, now);
    }
  }
}

// The workers of a service that starts are wanted: none of them is held back.
void Supervisor::bring_up(std::size_t service, TimePoint now) {
  Group& group = groups_[service];
  for (int index = 0; index < group.service.workers; ++index) {
    if (wants_worker(service, index)) {
      group.backoff.record_fork(now);
      slot_at(service, index).current = fork(service, index, generation_, now);
    }
  }
}

// Those beyond the number of workers are on their way out.
bool Supervisor::wants_worker(std::size_t service, int index) {
  const Slot& slot = slot_at(service, index);
  return !slot.current && !slot.successor && !slot.queued && !slot.finished && !slot.given_up;
}

// Every slot without a worker gets one, as soon as it is not held back any more.
void Supervisor::refill(TimePoint now) {
  for (std::size_t service = 0; service < groups_.size(); ++service) {
    const Group& group = groups_[service];
    for (int index = 0; group.up && index < group.service.workers; ++index) {
      if (wants_worker(service, index)) want_fork(service, index, now);
    }
  }
}

void Supervisor::want_fork(std::size_t service, int index, TimePoint now) {
  Group& group = groups_[service];
  slot_at(service, index).queued = true;
  group.queue.push_back(index);
  if (group.queue.size() > 1) {  // Behind one that is held back: so is this.
    if (group.backoff.level() < quiet_level) {
      log(Level::warning, "worker {} held back", label(service, index));
    }
    return;
  }
  run_queue(service, now);
}

// Forks from the front of the queue for as long as nothing is held back. One at a time waits, or W
// workers that die at once would be forked where one is enough to learn that nothing has changed.
void Supervisor::run_queue(std::size_t service, TimePoint now) {
  Group& group = groups_[service];
  while (!group.queue.empty()) {
    const int index = group.queue.front();
    if (group.due == never) {
      const Duration delay = group.backoff.hold_back(now);
      if (delay > Duration::zero()) {
        group.due = now + delay;
        if (group.backoff.level() <= quiet_level) {
          log(Level::warning, "worker {} held back for {:.1f}s", label(service, index),
              std::chrono::duration<double>(delay).count());
        }
        return;
      }
    } else if (now < group.due) {
      return;
    }
    group.due = never;
    group.queue.pop_front();
    slot_at(service, index).queued = false;
    group.backoff.record_fork(now);
    slot_at(service, index).current = fork(service, index, generation_, now);
  }
}

// One that was held back lives: the others need not wait any more, one after the other.
void Supervisor::worker_has_proved(Worker& worker, TimePoint now) {
  worker.proof_due = never;
  if (worker.phase != Phase::running) {
    return;
  }
  if (worker.quiet) {
    show_ready(worker);
  }
  Group& group = groups_[worker.service];
  group.backoff.trust();
  for (group.due = never; !group.queue.empty(); group.queue.pop_front()) {
    const int index = group.queue.front();
    slot_at(worker.service, index).queued = false;
    group.backoff.record_fork(now);
    slot_at(worker.service, index).current = fork(worker.service, index, generation_, now);
  }
}

WorkerKey Supervisor::fork(std::size_t service, int index, unsigned generation, TimePoint now) {
  const WorkerKey key = ++last_key_;
  Worker& worker = workers_[key];
  worker.service = service;
  worker.index = index;
  worker.generation = generation;
  worker.quiet = groups_[service].backoff.level() >= quiet_level;
  worker.forked = now;
  if (limits_.worker_boot_timeout > Duration::zero()) {
    worker.deadline = deadline_after(now, limits_.worker_boot_timeout);
  }
  push(ForkWorker{key, service, index, generation, worker.quiet});
  return key;
}

void Supervisor::worker_forked(WorkerKey key, pid_t pid, TimePoint) {
  Worker& worker = workers_.at(key);
  worker.pid = pid;
  log(worker.quiet ? Level::debug : Level::info, "worker {} started pid={} generation={}",
      label(worker), pid, worker.generation);
}

void Supervisor::fork_failed(WorkerKey key, const std::string& reason, TimePoint now) {
  const Worker worker = workers_.at(key);
  workers_.erase(key);
  log(Level::error, "worker {} not forked: {}", label(worker), reason);
  Slot* slot = slot_of(worker);
  const bool was_current = slot != nullptr && slot->current == key;
  const bool was_successor = slot != nullptr && slot->successor == key;
  if (was_current) slot->current.reset();
  if (was_successor) slot->successor.reset();
  Group& group = groups_[worker.service];
  if (was_successor && !stopping_) {
    successor_gone(worker, "not forked: " + reason, now);
  } else if (was_current && !stopping_ && group.up && !slot->successor &&
             worker.index < group.service.workers) {
    slot->queued = true;
    group.queue.push_front(worker.index);
    group.due = now + fork_retry;
  }
  advance_leaving(now);  // It may have been the last that somebody waited for.
  check_stopped();
}

void Supervisor::worker_ready(WorkerKey key, TimePoint now) {
  Worker& worker = workers_.at(key);
  if (worker.phase != Phase::starting) {
    return;  // Told to end meanwhile.
  }
  worker.phase = Phase::running;
  worker.deadline = never;
  worker.hang.begin(now, limits_.worker_timeout);
  groups_[worker.service].ever_ready = true;
  if (groups_[worker.service].backoff.level() > 0) {
    worker.proof_due = now + proof;
  }
  if (!worker.quiet) {
    show_ready(worker);
  }
  push(WorkerIsReady{key, worker.service, worker.index, worker.generation, worker.pid});
  Slot* slot = slot_of(worker);
  if (slot != nullptr && slot->successor == key) {
    successor_ready(*slot, now);
  } else {
    if (slot != nullptr) slot->replacing = false;
    if (reload_ == Reload::rolling || reload_ == Reload::rolling_back) roll(now);
    recycle(now);
  }
  start_waiting(now);
  check_all_ready();
}

void Supervisor::show_ready(Worker& worker) {
  worker.quiet = false;
  log(Level::info, "worker {} ready pid={} generation={}", label(worker), worker.pid,
      worker.generation);
}

void Supervisor::check_all_ready() {
  if (ready_told_ || stopping_ ||
      !std::ranges::all_of(groups_, [this](const Group& group) { return is_ready(group); })) {
    return;
  }
  ready_told_ = true;
  patience_due_ = never;
  log(Level::info, "parent ready");
  push(Notify{"READY=1"});
}

void Supervisor::worker_gone(WorkerKey key, const Death& death, TimePoint now) {
  const Worker worker = std::move(workers_.at(key));
  workers_.erase(key);
  Death known = death;
  if (known.reason.empty()) known.reason = worker.killed_by;
  const bool expected = (worker.planned || stopping_) && worker.phase != Phase::dumping;
  log(expected ? Level::info : Level::warning, "worker {} {} pid={} generation={}{}", label(worker),
      describe(death), worker.pid, worker.generation, details(known, now - worker.forked));
  push(
      WorkerHasEnded{worker.service, worker.index, worker.generation, worker.pid, known, expected});

  Slot* slot = slot_of(worker);
  const bool was_current = slot != nullptr && slot->current == key;
  const bool was_successor = slot != nullptr && slot->successor == key;
  if (was_current) slot->current.reset();
  if (was_successor) slot->successor.reset();
  if (stopping_) {
    const bool dismissed = worker.phase == Phase::killed && worker.killed_by.empty();
    if (death.failed() && !dismissed) {
      exit_status_ = std::max(exit_status_, 1);
    }
  } else if (was_successor) {
    successor_gone(worker, failure_of(worker, death), now);
  } else if (was_current && !worker.planned) {
    lost(worker, known, now);
  } else if (was_current && slot->replacing && !groups_[worker.service].leaving) {
    slot->current = fork(worker.service, worker.index, generation_, now);
  }
  if (mutating_.erase(key) > 0) mutated(key, {}, now);
  advance_leaving(now);
  check_finished(now);
  check_stopped();
}

void Supervisor::drain(Worker& worker, WorkerKey key, TimePoint now) {
  if (worker.phase == Phase::killed || worker.phase == Phase::dumping) {
    return;
  }
  worker.phase = Phase::draining;
  worker.planned = true;
  worker.deadline = limits_.graceful_shutdown_timeout > Duration::zero()
                        ? deadline_after(now, limits_.graceful_shutdown_timeout)
                        : never;
  worker.deadline = std::min(worker.deadline, stop_deadline_);
  push(SendSignal{key, SIGTERM});
}

// One that is not needed after all.
void Supervisor::dismiss(WorkerKey key, TimePoint now) {
  Worker& worker = workers_.at(key);
  if (worker.phase == Phase::running) {
    drain(worker, key, now);  // It may have accepted connections already.
  } else if (worker.phase == Phase::starting) {
    worker.phase = Phase::killed;
    worker.planned = true;
    worker.deadline = never;
    push(SendSignal{key, SIGKILL});
  }
}

void Supervisor::forward_signal(int number) {
  for (const auto& [key, worker] : workers_) {
    if (worker.phase != Phase::killed) {
      push(SendSignal{key, number});
    }
  }
}

std::vector<Action> Supervisor::take_actions() {
  show_status();
  return std::exchange(actions_, {});
}

std::string Supervisor::label(std::size_t service, int index) const {
  return groups_.size() == 1 ? fmt::format("{}", index)
                             : fmt::format("{}/{}", groups_[service].service.name, index);
}

std::string Supervisor::label(const Worker& worker) const {
  return label(worker.service, worker.index);
}

Supervisor::Slot* Supervisor::slot_of(const Worker& worker) {
  auto& slots = groups_[worker.service].slots;
  const auto index = static_cast<std::size_t>(worker.index);
  return index < slots.size() ? &slots[index] : nullptr;
}

bool Supervisor::any_worker_of(std::size_t service) const {
  return std::ranges::any_of(workers_,
                             [&](const auto& entry) { return entry.second.service == service; });
}

}  // namespace thane::internal
