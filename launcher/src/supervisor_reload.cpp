// The part of Supervisor that answers SIGHUP: from the signal to the configuration in force, or
// back to the one before. How workers are replaced is in supervisor_rolling.cpp.
#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <set>
#include <utility>

#include "notify.hpp"
#include "supervisor.hpp"

// A reload is a wish for a state, not an entry in a queue: signals that come while one is going on,
// or in quick succession, are one more reload when they have ceased.
//
//   loading       the files are read; an error ends the reload, and nothing has happened.
//   canary        one worker per service is forked with the new configuration, beside the old ones.
//                 All must become ready; if one does not, they are taken back and the old workers
//                 never knew. A service that is in a crash loop has nothing to lose, and no canary.
//   rolling       the new configuration is in force. Each slot gets its new worker first, and only
//                 when that is ready is the old one told to drain.
//   rolling back  a worker has failed while rolling: the same with the configuration of before.
//   mutating      each worker takes up what may change at run time, and says when it has.
//
// Forks of a reload are not held back: they are wanted. A worker that dies while rolling is a crash
// like any other, and its replacement is held back.

namespace thane::internal {

using namespace std::chrono_literals;
using log::Level;

namespace {
// How long a worker's own SIGHUP waits for one to the parent: a signal to a process group reaches
// all its members, though not in the same instant.
constexpr std::chrono::milliseconds group_signal_spread{20};
// SIGHUPs that come closer to each other are one; but nobody waits for the last of them longer than
// the second.
constexpr std::chrono::milliseconds quick_succession{100};
constexpr std::chrono::seconds longest_succession{5};
}  // namespace

void Supervisor::reload_requested(TimePoint now) {
  if (stopping_) {
    return;
  }
  const bool at_once =
      reload_ == Reload::none && reload_due_ == never && now >= last_hang_up_ + quick_succession;
  last_hang_up_ = now;
  for (auto& [key, worker] : workers_) {
    worker.hang_up_due = never;
  }
  if (at_once) {
    begin_reload(now);
    return;
  }
  if (reload_due_ == never) {
    reload_wanted_since_ = now;
  }
  reload_due_ = std::min(now + quick_succession, reload_wanted_since_ + longest_succession);
}

void Supervisor::begin_reload(TimePoint now) {
  reload_due_ = never;
  ++last_generation_;
  log(Level::info, "reload started generation={}", last_generation_);
  push(Notify{reloading(now)});
  reload_ = Reload::loading;
  push(LoadConfig{last_generation_});
}

void Supervisor::config_refused(const std::string& reason, TimePoint now) {
  if (reload_ == Reload::loading) {
    abandon_reload(reason, now);
  }
}

void Supervisor::config_loaded(const std::vector<int>& workers, TimePoint now) {
  if (reload_ != Reload::loading) {
    return;  // A stop came first.
  }
  if (restart_ == Restart::mutate) {
    begin_mutation(now);
  } else {
    begin_canaries(workers, now);
  }
}

void Supervisor::begin_mutation(TimePoint now) {
  reload_ = Reload::mutating;
  generation_ = last_generation_;
  mutation_error_.clear();
  if (limits_.worker_boot_timeout > Duration::zero()) {
    reload_deadline_ = deadline_after(now, limits_.worker_boot_timeout);
  }
  std::ranges::for_each(groups_, forgive);
  push(MutateConfig{});
  for (auto& [key, worker] : workers_) {
    if (worker.phase == Phase::starting || worker.phase == Phase::running) {
      worker.generation = generation_;
      mutating_.insert(key);
      push(TellMutate{key, generation_});
    }
  }
  if (mutating_.empty()) {
    end_reload(now);
  }
}

void Supervisor::mutated(WorkerKey key, const std::string& error, TimePoint now) {
  mutating_.erase(key);
  if (!error.empty() && mutation_error_.empty()) {
    mutation_error_ = fmt::format("worker {}: {}", label(workers_.at(key)), error);
  }
  if (reload_ != Reload::mutating || !mutating_.empty()) {
    return;
  }
  if (mutation_error_.empty()) {
    end_reload(now);
  } else {
    abandon_reload(mutation_error_ + "; the others have the new values", now);
  }
}

void Supervisor::begin_canaries(const std::vector<int>& workers, TimePoint now) {
  reload_ = Reload::canary;
  bound_generations(now);
  for (std::size_t service = 0; service < groups_.size(); ++service) {
    Group& group = groups_[service];
    group.workers_before = group.service.workers;
    group.workers_wanted = workers[service];
    for (Slot& slot : group.slots) {
      slot.was_empty =
          !group.up || !slot.current || (group.backoff.level() > 0 && !is_running(slot.current));
      if (slot.successor) {  // A recycling: it is overtaken.
        dismiss(*std::exchange(slot.successor, std::nullopt), now);
      }
    }
    const auto canary = std::ranges::find(group.slots, false, &Slot::was_empty);
    if (canary != group.slots.end() && !group.leaving) {
      fork_successor(service, static_cast<int>(canary - group.slots.begin()), last_generation_,
                     now);
    }
  }
  check_canaries(now);
}

// What was given up gets another chance.
void Supervisor::forgive(Group& group) {
  for (Slot& slot : group.slots) {
    slot.given_up = false;
  }
  group.intensity.forget();
}

void Supervisor::check_canaries(TimePoint now) {
  for (const Group& group : groups_) {
    for (const Slot& slot : group.slots) {
      if (slot.successor && !is_running(slot.successor)) {
        return;
      }
    }
  }
  generation_before_ = std::exchange(generation_, last_generation_);
  reload_ = Reload::rolling;
  push(CommitConfig{});
  for (std::size_t service = 0; service < groups_.size(); ++service) {
    Group& group = groups_[service];
    const bool idle = running_in(group) == 0;
    for (Slot& slot : group.slots) {
      if (slot.successor) promote(slot, now);
    }
    forgive(group);
    if (idle) {  // What it waits for may be what has changed.
      group.backoff.forget();
      group.due = never;
      run_queue(service, now);
    }
    resize(service, group.workers_wanted, now);
  }
  roll(now);
}

// Old generations whose work does not end are not left to pile up.
void Supervisor::bound_generations(TimePoint now) {
  std::set<unsigned> alive{generation_, last_generation_};
  for (const auto& [key, worker] : workers_) {
    alive.insert(worker.generation);
  }
  while (alive.size() > static_cast<std::size_t>(std::max(limits_.max_generations, 2))) {
    const unsigned oldest = *alive.begin();
    if (oldest == generation_) {
      return;
    }
    alive.erase(alive.begin());
    for (auto& [key, worker] : workers_) {
      if (worker.generation == oldest && worker.phase != Phase::killed) {
        log(Level::warning, "worker {} told to end at once: max_generations pid={} generation={}",
            label(worker), worker.pid, oldest);
        end_at_once(key, worker, now);
        worker.killed_by = "max_generations";
      }
    }
  }
}

void Supervisor::worker_hung_up(WorkerKey key, TimePoint now) {
  if (reload_ == Reload::none && now > last_hang_up_ + group_signal_spread) {
    workers_.at(key).hang_up_due = now + group_signal_spread;
  }
}

void Supervisor::pass_on_hang_ups(TimePoint now) {
  for (auto& [key, worker] : workers_) {
    if (now >= worker.hang_up_due) {
      worker.hang_up_due = never;
      if (worker.phase == Phase::running) {
        push(TellRestart{key});
      }
    }
  }
}

void Supervisor::abandon_reload(const std::string& reason, TimePoint now) {
  const Reload was = std::exchange(reload_, Reload::none);
  if (was == Reload::none) {
    return;
  }
  if (was == Reload::rolling_back) {
    log(Level::error, "roll back to generation={} failed: {}; workers of both generations go on",
        generation_, reason);
  } else {
    log(Level::error, "reload failed generation={} reason={}{}", last_generation_, reason,
        was == Reload::rolling ? "; rolling back" : "");
  }
  mutating_.clear();
  for (Group& group : groups_) {
    for (Slot& slot : group.slots) {
      if (const auto key = std::exchange(slot.successor, std::nullopt)) {
        dismiss(*key, now);
      }
    }
  }
  if (was == Reload::rolling) {
    reload_ = Reload::rolling_back;
    generation_ = generation_before_;
    push(RollBackConfig{});
    for (std::size_t service = 0; service < groups_.size(); ++service) {
      resize(service, groups_[service].workers_before, now);
    }
    refill(now);
    roll(now);
    return;
  }
  for (std::size_t service = 0; was == Reload::rolling_back && service < groups_.size();
       ++service) {
    retire_surplus(service, now);
  }
  refill(now);
  resume(now);
}

void Supervisor::end_reload(TimePoint now) {
  if (reload_ == Reload::rolling_back) {
    log(Level::info, "rolled back to generation={}", generation_);
  } else {
    log(Level::info, "reload finished generation={}", last_generation_);
  }
  resume(now);
}

// Back to what waits for the end of a reload.
void Supervisor::resume(TimePoint now) {
  reload_ = Reload::none;
  reload_deadline_ = never;
  if (ready_told_) {
    push(Notify{"READY=1"});
  }
  recycle(now);
  if (now >= reload_due_) {
    begin_reload(now);
  }
}

}  // namespace thane::internal
