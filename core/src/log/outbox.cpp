#include "outbox.hpp"

#include <thane/clock.hpp>
#include <utility>

namespace thane::log::internal {

Outbox::Outbox(std::unique_ptr<Sink> sink, Report report, Limits limits)
    : sink_(std::move(sink)), report_(std::move(report)), limits_(limits) {}

void Outbox::send(std::string_view line) {
  if (!send_waiting() || !send_report()) {
    keep(line);
    return;
  }
  switch (put_patiently(line)) {
    case Put::done:
      break;
    case Put::full:
      keep(line);
      break;
    case Put::gone:
      ++dropped_;
      break;
  }
}

void Outbox::flush() {
  stuck_ = false;
  if (send_waiting() && send_report() && sink_->finish() == Put::full) {
    stuck_ = !sink_->wait(limits_.patience) || sink_->finish() == Put::full;
  }
}

void Outbox::forget() noexcept {
  waiting_.clear();
  waiting_bytes_ = 0;
  dropped_ = 0;
}

void Outbox::replace(std::unique_ptr<Sink> sink) noexcept {
  sink_ = std::move(sink);
  stuck_ = false;
}

Put Outbox::put_patiently(std::string_view line) {
  Put result = sink_->put(line);
  if (result == Put::full && !stuck_) {
    const auto deadline = SteadyClock::now() + limits_.longest_wait;
    bool alive = true;
    while (result == Put::full && alive && SteadyClock::now() < deadline) {
      const auto before = sink_->progress();
      const bool room = sink_->wait(limits_.patience);
      alive = room || sink_->progress() != before;  // Others may have been quicker to fill it.
      result = sink_->put(line);
    }
  }
  stuck_ = result == Put::full;
  return result;
}

bool Outbox::send_waiting() {
  while (!waiting_.empty()) {
    const Put result = put_patiently(waiting_.front());
    if (result == Put::full) {
      return false;
    }
    if (result == Put::gone) {
      ++dropped_;
    }
    waiting_bytes_ -= waiting_.front().size();
    waiting_.pop_front();
  }
  return true;
}

bool Outbox::send_report() {
  if (dropped_ == 0) {
    return true;
  }
  switch (put_patiently(report_(dropped_))) {
    case Put::done:
      dropped_ = 0;
      return true;
    case Put::gone:
      return true;  // The line that follows is lost and counted as well.
    case Put::full:
      break;
  }
  return false;
}

void Outbox::keep(std::string_view line) {
  if (waiting_bytes_ + line.size() > limits_.bytes) {
    ++dropped_;
    return;
  }
  if (dropped_ > 0) {  // The report goes where the dropped lines would have been.
    waiting_.push_back(report_(dropped_));
    waiting_bytes_ += waiting_.back().size();
    dropped_ = 0;
  }
  waiting_.emplace_back(line);
  waiting_bytes_ += line.size();
}

}  // namespace thane::log::internal
