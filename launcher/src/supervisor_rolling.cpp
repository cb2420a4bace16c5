// The part of Supervisor that replaces workers on purpose: all of them in a reload, single ones
// that have passed a limit.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "supervisor.hpp"

// The new worker comes first, and the old one is told to drain when the new one is ready: never one
// too few. Who has no memory for one worker more allows some to be missing (max_unavailable): then
// the old ones go first, so many at a time.

namespace thane::internal {

using log::Level;

namespace {
// A recycling that failed is tried again after this long.
constexpr std::chrono::seconds recycle_retry{30};
}  // namespace

void Supervisor::fork_successor(std::size_t service, int index, unsigned generation,
                                TimePoint now) {
  const WorkerKey key = fork(service, index, generation, now);
  slot_at(service, index).successor = key;
}

void Supervisor::successor_ready(Slot& slot, TimePoint now) {
  if (reload_ == Reload::canary) {
    check_canaries(now);
    return;
  }
  promote(slot, now);
  if (reload_ == Reload::rolling || reload_ == Reload::rolling_back) {
    roll(now);
  } else {
    recycle(now);
  }
}

void Supervisor::successor_gone(const Worker& worker, const std::string& why, TimePoint now) {
  const bool reloading =
      reload_ == Reload::canary || reload_ == Reload::rolling || reload_ == Reload::rolling_back;
  if (reloading) {
    abandon_reload(fmt::format("worker {} {}", label(worker), why), now);
    return;
  }
  log(Level::warning, "worker {} not recycled: its successor {}", label(worker), why);
  groups_[worker.service].recycle_due = now + recycle_retry;
  refill(now);  // If it has died meanwhile.
}

void Supervisor::promote(Slot& slot, TimePoint now) {
  const auto old = std::exchange(slot.current, std::exchange(slot.successor, std::nullopt));
  slot.finished = false;
  slot.replacing = false;
  if (old) {
    drain(workers_.at(*old), *old, now);
  }
}

void Supervisor::replace(std::size_t service, int index, TimePoint now) {
  Slot& slot = slot_at(service, index);
  if (limits_.max_unavailable == 0) {
    fork_successor(service, index, generation_, now);
  } else {
    slot.replacing = true;
    drain(workers_.at(*slot.current), *slot.current, now);
  }
}

void Supervisor::roll(TimePoint now) {
  bool done = true;
  for (std::size_t service = 0; service < groups_.size(); ++service) {
    done = roll_group(service, now) && done;
  }
  if (done) {
    for (Group& group : groups_) {
      group.backoff.forget();
    }
    end_reload(now);
  }
}

// The first slots that are still served by an old worker get their new ones. True if none is left.
bool Supervisor::roll_group(std::size_t service, TimePoint now) {
  Group& group = groups_[service];
  if (!group.up) {  // What it comes up with is of this generation.
    retire_surplus(service, now);
    return true;
  }
  const int at_once = std::max(1, limits_.max_unavailable);
  int busy = 0;
  const auto count = static_cast<std::size_t>(group.service.workers);  // The rest will go.
  for (std::size_t index = 0; index < std::min(count, group.slots.size()); ++index) {
    const Slot& slot = group.slots[index];
    if (busy == at_once) {
      return false;
    }
    if ((slot.finished || slot.given_up) && !slot.successor) {
      continue;
    }
    if (slot.successor || slot.replacing) {
      ++busy;
    } else if (!slot.current) {
      busy += slot.was_empty ? 0 : 1;  // Its worker died: until the replacement is ready.
    } else if (const Worker& worker = workers_.at(*slot.current);
               worker.generation != generation_) {
      replace(service, static_cast<int>(index), now);
      ++busy;
    } else if (worker.phase == Phase::starting && !slot.was_empty) {
      ++busy;
    }
  }
  if (busy > 0) {
    return false;
  }
  retire_surplus(service, now);
  return true;
}

void Supervisor::set_workers(const std::vector<int>& workers, TimePoint now) {
  for (std::size_t service = 0; service < groups_.size(); ++service) {
    resize(service, workers[service], now);
    retire_surplus(service, now);
  }
}

// More slots at once; fewer when the others have been replaced.
void Supervisor::resize(std::size_t service, int workers, TimePoint now) {
  Group& group = groups_[service];
  if (workers != group.service.workers) {
    log(Level::info, "service {} is to have {} workers instead of {}", group.service.name, workers,
        group.service.workers);
  }
  group.service.workers = workers;
  const auto count = static_cast<std::size_t>(workers);
  if (count > group.slots.size()) {
    group.slots.resize(count);
    group.backoff.set_workers(count);
  }
  if (group.up) {
    bring_up(service, now);
  }
}

void Supervisor::retire_surplus(std::size_t service, TimePoint now) {
  Group& group = groups_[service];
  const auto count = static_cast<std::size_t>(group.service.workers);
  for (std::size_t index = count; index < group.slots.size(); ++index) {
    const Slot& slot = group.slots[index];
    std::erase(group.queue, static_cast<int>(index));
    if (group.queue.empty()) group.due = never;
    for (const auto& key : {slot.current, slot.successor}) {
      if (key) dismiss(*key, now);
    }
  }
  if (count < group.slots.size()) {
    group.slots.resize(count);
    group.backoff.set_workers(count);
  }
}

void Supervisor::recycle_requested(WorkerKey key, const std::string& reason, TimePoint now) {
  Worker& worker = workers_.at(key);
  if (worker.phase == Phase::running && worker.recycle.empty()) {
    worker.recycle = reason;
    recycle(now);
  }
}

// One worker of a service after the other; a reload replaces them all, so it comes first.
void Supervisor::recycle(TimePoint now) {
  if (stopping_ || reload_ != Reload::none) {
    return;
  }
  for (std::size_t service = 0; service < groups_.size(); ++service) {
    Group& group = groups_[service];
    if (!group.up || now < group.recycle_due) {
      continue;
    }
    group.recycle_due = TimePoint::min();
    const auto is_busy = [this](const Slot& slot) {
      const bool has_nobody = slot.finished || slot.given_up;
      return slot.successor || slot.replacing || !(has_nobody || is_running(slot.current));
    };
    auto busy = std::ranges::count_if(group.slots, is_busy);
    for (std::size_t index = 0; index < group.slots.size(); ++index) {
      const Slot& slot = group.slots[index];
      if (busy >= std::max(1, limits_.max_unavailable) || !is_running(slot.current) ||
          slot.successor) {
        continue;
      }
      const Worker& worker = workers_.at(*slot.current);
      if (!worker.recycle.empty()) {
        log(Level::info, "worker {} recycled: {} pid={} generation={}", label(worker),
            worker.recycle, worker.pid, worker.generation);
        replace(service, static_cast<int>(index), now);
        ++busy;
      }
    }
  }
}

}  // namespace thane::internal
