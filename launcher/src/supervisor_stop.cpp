// The part of Supervisor that ends things: stops, deadlines, the parent's own end.
#include <signal.h>

#include <algorithm>

#include "supervisor.hpp"

namespace thane::internal {

namespace {
// After a fast stop was asked for, what has not ended by itself is killed this much later.
constexpr std::chrono::milliseconds fast_stop_limit{100};
}  // namespace

void Supervisor::stop_requested(Stop how, TimePoint now) {
  const bool first = !stopping_;
  if (!first && (how == Stop::graceful || stopping_ == Stop::fast)) {
    return;  // A second TERM changes nothing; nothing is faster than fast.
  }
  stopping_ = how;
  reload_ = Reload::none;
  reload_again_ = false;
  for (Group& group : groups_) {
    for (const int index : group.queue) {
      group.slots[static_cast<std::size_t>(index)].queued = false;
    }
    group.queue.clear();
    group.due = never;
  }
  if (first) {
    log(log::Level::info, "stopping");
    push(Notify{"STOPPING=1"});
  }
  if (how == Stop::fast) {
    exit_status_ = std::max(exit_status_, 1);
    for (auto& [key, worker] : workers_) {
      if (worker.phase == Phase::killed) continue;
      worker.phase = Phase::draining;
      worker.planned = true;
      worker.deadline = now + fast_stop_limit;
      push(SendSignal{key, SIGINT});
    }
  } else {
    for (auto& [key, worker] : workers_) {
      drain(worker, key, now);
    }
  }
  check_stopped();
}

void Supervisor::check_stopped() {
  if (stopping_ && workers_.empty()) {
    log(log::Level::info, "stopped status={}", exit_status_);
    push(Finish{exit_status_});
  }
}

void Supervisor::end_worker(WorkerKey key, Worker& worker, const std::string& limit) {
  log(log::Level::error, "worker {} killed: {} pid={}", label(worker), limit, worker.pid);
  worker.phase = Phase::killed;
  worker.killed_by = limit;
  worker.deadline = never;
  push(SendSignal{key, SIGKILL});
}

void Supervisor::time_passed(TimePoint now) {
  pass_on_hang_ups(now);
  for (auto& [key, worker] : workers_) {
    if (now < worker.deadline) {
      continue;
    }
    if (worker.phase == Phase::starting) {
      end_worker(key, worker, "worker_boot_timeout");
    } else if (stopping_ == Stop::fast) {
      end_worker(key, worker, "fast stop");
    } else {
      end_worker(key, worker, "graceful_shutdown_timeout");
    }
  }
  for (std::size_t service = 0; service < groups_.size(); ++service) {
    if (now >= groups_[service].due) {
      run_queue(service, now);
    }
  }
}

TimePoint Supervisor::next_deadline() const {
  TimePoint next = never;
  for (const auto& [key, worker] : workers_) {
    next = std::min({next, worker.deadline, worker.hang_up_due});
  }
  for (const Group& group : groups_) {
    next = std::min(next, group.due);
  }
  return next;
}

}  // namespace thane::internal
