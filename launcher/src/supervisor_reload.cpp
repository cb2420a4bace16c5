// The part of Supervisor that answers SIGHUP: one canary per service, then one worker after
// another.
#include <fmt/format.h>
#include <signal.h>

#include <utility>

#include "supervisor.hpp"

// A reload is a wish for a state, not an entry in a queue: signals that come while one is going on
// start one more when it has ended, however many they are.
//
//   loading   the files are read; an error ends the reload, and nothing has happened.
//   canary    one worker per service is forked with the new configuration, beside the old ones. All
//             must become ready; if one does not, they are taken back and the old workers never
//             knew.
//   rolling   the new configuration is in force. Each slot gets its new worker first, and only when
//             that is ready is the old one told to drain.
//
// Forks of a reload are not put to the throttle: they are wanted. A worker that dies while rolling
// is a crash like any other, and its replacement is throttled.

namespace thane::internal {

using log::Level;

namespace {
// How long a worker's own SIGHUP waits for one to the parent: a signal to a process group reaches
// all its members, though not in the same instant.
constexpr std::chrono::milliseconds group_signal_spread{20};
}  // namespace

void Supervisor::reload_requested(TimePoint now) {
  if (stopping_) {
    return;
  }
  last_hang_up_ = now;
  for (auto& [key, worker] : workers_) {
    worker.hang_up_due = never;
  }
  if (reload_ != Reload::none) {
    reload_again_ = true;
    return;
  }
  begin_reload();
}

void Supervisor::begin_reload() {
  ++last_generation_;
  log(Level::info, "reload started generation={}", last_generation_);
  reload_ = Reload::loading;
  push(LoadConfig{last_generation_});
}

void Supervisor::config_refused(const std::string& reason, TimePoint now) {
  if (reload_ == Reload::loading) {
    abandon_reload(reason, now);
  }
}

void Supervisor::config_loaded(TimePoint now) {
  if (reload_ != Reload::loading) {
    return;  // A stop came first.
  }
  if (restart_ == Restart::mutate) {
    generation_ = last_generation_;
    push(MutateConfig{});
    for (const auto& [key, worker] : workers_) {
      if (worker.phase != Phase::killed) {
        push(TellRestart{key});
      }
    }
    end_reload();
    return;
  }
  reload_ = Reload::canary;
  for (std::size_t service = 0; service < groups_.size(); ++service) {
    fork_successor(service, 0, now);
  }
}

void Supervisor::fork_successor(std::size_t service, int index, TimePoint now) {
  groups_[service].slots[static_cast<std::size_t>(index)].successor =
      fork(service, index, last_generation_, now);
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

void Supervisor::successor_ready(Slot& slot, TimePoint now) {
  if (reload_ == Reload::canary) {
    for (const Group& group : groups_) {
      const auto& canary = group.slots[0].successor;
      if (!canary || workers_.at(*canary).phase != Phase::running) {
        return;
      }
    }
    generation_ = last_generation_;
    reload_ = Reload::rolling;
    push(CommitConfig{});
    for (Group& group : groups_) {
      promote(group.slots[0], now);
    }
  } else {
    promote(slot, now);
  }
  roll(now);
}

void Supervisor::promote(Slot& slot, TimePoint now) {
  const auto old = std::exchange(slot.current, std::exchange(slot.successor, std::nullopt));
  if (old) {
    drain(workers_.at(*old), *old, now);
  }
}

// Per service, the first slot that is still served by an old worker gets its new one.
void Supervisor::roll(TimePoint now) {
  bool done = true;
  for (std::size_t service = 0; service < groups_.size(); ++service) {
    auto& slots = groups_[service].slots;
    for (std::size_t index = 0; index < slots.size(); ++index) {
      const Slot& slot = slots[index];
      if (slot.successor) {
        done = false;
        break;
      }
      if (slot.current && workers_.at(*slot.current).generation != generation_) {
        fork_successor(service, static_cast<int>(index), now);
        done = false;
        break;
      }
      if (!slot.current || workers_.at(*slot.current).phase == Phase::starting) {
        done = false;  // Its worker died and the replacement is not ready: one at a time.
        break;
      }
    }
  }
  if (done) {
    for (Group& group : groups_) {
      group.throttle.forget();
    }
    end_reload();
  }
}

void Supervisor::successor_gone(const Worker& worker, const Death& death, TimePoint now) {
  const std::string why = worker.killed_by.empty()
                              ? describe(death)
                              : fmt::format("did not get ready within {}", worker.killed_by);
  const char* state = reload_ == Reload::rolling ? "; workers of both generations go on" : "";
  abandon_reload(fmt::format("worker {} {}{}", label(worker), why, state), now);
}

void Supervisor::abandon_reload(const std::string& reason, TimePoint now) {
  if (reload_ == Reload::none) {
    return;
  }
  log(Level::error, "reload failed generation={} reason={}", last_generation_, reason);
  reload_ = Reload::none;
  for (Group& group : groups_) {
    for (Slot& slot : group.slots) {
      const auto key = std::exchange(slot.successor, std::nullopt);
      if (!key) continue;
      Worker& worker = workers_.at(*key);
      if (worker.phase == Phase::running) {
        drain(worker, *key, now);  // It may have accepted connections already.
      } else if (worker.phase != Phase::killed) {
        worker.phase = Phase::killed;
        worker.planned = true;
        worker.deadline = never;
        push(SendSignal{*key, SIGKILL});
      }
    }
  }
  refill(now);
  if (std::exchange(reload_again_, false)) {
    begin_reload();
  }
}

void Supervisor::end_reload() {
  log(Level::info, "reload finished generation={}", last_generation_);
  reload_ = Reload::none;
  if (std::exchange(reload_again_, false)) {
    begin_reload();
  }
}

}  // namespace thane::internal
