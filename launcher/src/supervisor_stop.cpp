// The part of Supervisor that ends things: stops, deadlines, the parent's own end.
#include <signal.h>

#include <algorithm>
#include <utility>

#include "notify.hpp"
#include "supervisor.hpp"

namespace thane::internal {

using namespace std::chrono_literals;

void Supervisor::stop_requested(Stop how, TimePoint now) {
  const bool first = !stopping_;
  if (!first && (how == Stop::graceful || stopping_ == Stop::fast)) {
    return;  // A second TERM changes nothing; nothing is faster than fast.
  }
  stopping_ = how;
  reload_ = Reload::none;
  reload_due_ = never;
  reload_deadline_ = never;
  mutating_.clear();
  if (first) {
    log(log::Level::info, "stopping");
    push(StopBegins{});
    push(Notify{"STOPPING=1"});
    stop_deadline_ = limits_.graceful_shutdown_timeout > Duration::zero()
                         ? deadline_after(now, limits_.graceful_shutdown_timeout)
                         : never;
  }
  for (Group& group : groups_) {
    for (Slot& slot : group.slots) {
      slot.queued = false;
    }
    group.queue.clear();
    group.due = never;
    group.told = group.told && group.leaving;
    group.leaving = true;
  }
  if (how == Stop::fast) {
    exit_status_ = std::max(exit_status_, 1);
    stop_deadline_ = now + fast_stop_limit;
    for (auto& [key, worker] : workers_) {
      end_at_once(key, worker, now);
    }
  } else {
    advance_leaving(now);
  }
  patience_due_ = now;
  if (!workers_.empty()) keep_manager_patient(now);
  check_stopped();
}

void Supervisor::check_stopped() {
  if (stopping_ && workers_.empty() && !std::exchange(stopped_, true)) {
    log(log::Level::info, "stopped status={}", exit_status_);
    push(Finish{exit_status_});
  }
}

void Supervisor::end_at_once(WorkerKey key, Worker& worker, TimePoint now) {
  if (worker.phase == Phase::killed || worker.phase == Phase::dumping) {
    return;
  }
  worker.phase = Phase::draining;
  worker.planned = true;
  worker.deadline = now + fast_stop_limit;
  push(SendSignal{key, SIGINT});
}

void Supervisor::end_worker(WorkerKey key, Worker& worker, std::string limit) {
  log(log::Level::error, "worker {} killed: {} pid={}", label(worker), limit, worker.pid);
  worker.phase = Phase::killed;
  worker.killed_by = std::move(limit);
  worker.deadline = never;
  push(SendSignal{key, SIGKILL});
}

void Supervisor::worker_deadline(WorkerKey key, Worker& worker, TimePoint now) {
  if (now >= worker.proof_due) {
    worker_has_proved(worker, now);
  }
  look_for_hang(key, worker, now);
  const bool over_with_all = stopping_ && now >= stop_deadline_ && worker.phase != Phase::killed;
  if (now < worker.deadline && !over_with_all) {
    return;
  }
  if (worker.phase == Phase::starting && !over_with_all) {
    end_worker(key, worker, "worker_boot_timeout");
  } else if (worker.phase == Phase::dumping) {
    end_worker(key, worker, "worker_timeout");
  } else if (stopping_ == Stop::fast) {
    end_worker(key, worker, "fast stop");
  } else if (!worker.killed_by.empty()) {  // Told to end at once, and has not.
    end_worker(key, worker, worker.killed_by);
  } else {
    end_worker(key, worker, "graceful_shutdown_timeout");
  }
}

void Supervisor::time_passed(TimePoint now) {
  pass_on_hang_ups(now);
  for (auto& [key, worker] : workers_) {
    worker_deadline(key, worker, now);
  }
  for (std::size_t service = 0; service < groups_.size(); ++service) {
    if (now >= groups_[service].due) {
      run_queue(service, now);
    }
  }
  start_waiting(now);
  recycle(now);
  if (now >= reload_deadline_) {
    abandon_reload("not every worker has answered within worker_boot_timeout", now);
  }
  if (reload_ == Reload::none && now >= reload_due_) {
    begin_reload(now);
  }
  feed_watchdog(now);
  keep_manager_patient(now);
}

// Else it would call a long start or a long drain a failure, and kill what it is told to keep.
void Supervisor::keep_manager_patient(TimePoint now) {
  if (now < patience_due_) {
    return;
  }
  patience_due_ = now + patience_interval;
  const bool some_start = std::ranges::any_of(
      workers_, [](const auto& entry) { return entry.second.phase == Phase::starting; });
  if (stopping_ || some_start) {
    push(Notify{patience()});
  }
}

TimePoint Supervisor::next_deadline() const {
  TimePoint next = std::min({watchdog_due_, patience_due_, reload_deadline_});
  for (const auto& [key, worker] : workers_) {
    next = std::min(
        {next, worker.deadline, worker.hang_up_due, worker.proof_due, worker.hang.next_look()});
    if (stopping_ && worker.phase != Phase::killed) next = std::min(next, stop_deadline_);
  }
  for (const Group& group : groups_) {
    next = std::min(next, group.due);
    if (group.not_before != TimePoint::min() && !group.up && !group.leaving) {
      next = std::min(next, group.not_before);
    }
    if (group.recycle_due != TimePoint::min() && group.up && reload_ == Reload::none &&
        !stopping_) {
      next = std::min(next, group.recycle_due);
    }
  }
  return reload_ == Reload::none ? std::min(next, reload_due_) : next;
}

}  // namespace thane::internal
