// The part of Supervisor that tells how things stand.
#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "supervisor.hpp"

namespace thane::internal {

int Supervisor::running_in(const Group& group) const {
  return static_cast<int>(std::ranges::count_if(
      group.slots, [this](const Slot& slot) { return is_running(slot.current); }));
}

// Those that may start after it may.
bool Supervisor::is_ready(const Group& group) const {
  return group.up && std::ranges::all_of(group.slots, [this](const Slot& slot) {
           return slot.finished || is_running(slot.current);
         });
}

std::string Supervisor::status_text() const {
  std::string text = fmt::format("generation {}", generation_);
  for (const Group& group : groups_) {
    fmt::format_to(std::back_inserter(text), ", {} {}/{}", group.service.name, running_in(group),
                   group.service.workers);
    const auto of = [&](auto member) { return std::ranges::count(group.slots, true, member); };
    if (of(&Slot::given_up) > 0) text += " degraded";
    if (of(&Slot::queued) > 0)
      fmt::format_to(std::back_inserter(text), " ({} held back)", of(&Slot::queued));
    if (of(&Slot::finished) > 0)
      fmt::format_to(std::back_inserter(text), " ({} ended)", of(&Slot::finished));
  }
  if (stopping_) {
    fmt::format_to(std::back_inserter(text), ", stopping: {} workers left", workers_.size());
  } else if (reload_ == Reload::rolling_back) {
    text += ", rolling back";
  } else if (reload_ != Reload::none) {
    fmt::format_to(std::back_inserter(text), ", reloading to generation {}", last_generation_);
  }
  return text;
}

void Supervisor::show_status() {
  std::string text = status_text();
  if (text != status_) {
    status_ = std::move(text);
    push(ShowStatus{status_});
  }
}

// Tells the service manager that the parent's loop turns and that each service can serve; where one
// has been up and has no worker now, it hears nothing, and does what it does then.
void Supervisor::feed_watchdog(TimePoint now) {
  if (now < watchdog_due_) {
    return;
  }
  const bool enough = std::ranges::all_of(groups_, [this](const Group& group) {
    const bool may_be_empty = group.leaving || !group.ever_ready || !group.up ||
                              std::ranges::all_of(group.slots, &Slot::finished);
    return may_be_empty || running_in(group) > 0;
  });
  // Who has no worker this moment may have one the next; the manager waits for two intervals.
  watchdog_due_ = now + (stopping_ || enough ? watchdog_interval_ : watchdog_interval_ / 10);
  if (stopping_ || enough) {
    push(Notify{"WATCHDOG=1"});
  }
}

}  // namespace thane::internal
