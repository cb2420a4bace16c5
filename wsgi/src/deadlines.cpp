#include "deadlines.hpp"

#include <algorithm>

namespace thane::wsgi::internal {

void Limited::unlink() noexcept {
  if (next_ == nullptr) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = next_ = nullptr;
}

Limited::~Limited() {
  unlink();
  if (unsettled_in_ != nullptr) unsettled_in_->forget_unsettled(*this);
}

Deadlines::Deadlines() {
  for (Head& list : lists_) list.previous_ = list.next_ = &list;
}

void Deadlines::set_limit(Waiting kind, Duration limit) {
  limits_[static_cast<std::size_t>(kind)] = limit;
}

void Deadlines::arm(Limited& one, Waiting kind, TimePoint now) {
  if (kind == Waiting::nothing) return disarm(one);
  const auto limit = limits_[static_cast<std::size_t>(kind)];
  one.waiting_ = kind;
  one.since_ = now;
  one.deadline_ = limit == Duration::zero() ? never : deadline_after(now, limit);
  if (one.next_ == nullptr || one.filed_ > one.deadline_) file(one);
  if (one.unsettled_in_ == nullptr) note_unsettled(one);
}

void Deadlines::note_unsettled(Limited& one) {
  one.unsettled_at_ = unsettled_.size();
  unsettled_.push_back(&one);
  one.unsettled_in_ = this;
}

void Deadlines::forget_unsettled(Limited& one) noexcept {
  one.unsettled_in_ = nullptr;
  Limited* const last = unsettled_.back();
  unsettled_.pop_back();
  if (last == &one) return;
  last->unsettled_at_ = one.unsettled_at_;
  unsettled_[one.unsettled_at_] = last;
}

bool Deadlines::settle(TimePoint before, std::size_t most) {
  for (std::size_t i = unsettled_.size(); i-- > 0;) {
    Limited& one = *unsettled_[i];
    if (one.waiting_ == Waiting::nothing || one.since_ > before) continue;
    if (most-- == 0) return false;
    forget_unsettled(one);  // The last one takes its place, and has been looked at.
    one.on_long_wait();
  }
  return true;
}

void Deadlines::file(Limited& one) {
  one.unlink();
  one.filed_ = one.deadline_;
  // The place is the last one, unless the limit of this kind was made shorter a moment ago.
  Head& list = lists_[static_cast<std::size_t>(one.waiting_)];
  Limited* before = list.previous_;
  while (before != &list && before->filed_ > one.filed_) before = before->previous_;
  one.previous_ = before;
  one.next_ = before->next_;
  before->next_->previous_ = &one;
  before->next_ = &one;
}

void Deadlines::expire(TimePoint now) {
  for (Head& list : lists_) {
    while (list.next_ != &list && list.next_->filed_ <= now) {
      Limited& one = *list.next_;
      one.unlink();
      if (one.deadline_ <= now) {
        disarm(one);
        one.on_deadline();
      } else if (one.waiting_ != Waiting::nothing) {
        file(one);
      }
    }
  }
}

// They are set aside before the first is told: that may destroy others, or arm them again.
void Deadlines::expire_all(Waiting kind, TimePoint before) {
  Head due;
  due.previous_ = due.next_ = &due;
  for (Head& list : lists_) {
    for (Limited* one = list.next_; one != &list;) {
      Limited& checked = *one;
      one = one->next_;
      if (checked.waiting_ != kind || checked.since_ > before) continue;
      checked.unlink();
      disarm(checked);
      append(due, checked);
    }
  }
  while (due.next_ != &due) {
    Limited& one = *due.next_;
    one.unlink();
    if (one.waiting_ == Waiting::nothing) {
      one.on_deadline();
    } else {
      file(one);
    }
  }
}

bool Deadlines::expire_longest(Waiting kind) {
  Limited* const one = longest(kind);
  if (one == nullptr) return false;
  one->unlink();
  disarm(*one);
  one->on_deadline();
  return true;
}

// All are looked at: who asks this has no room for more, and that is rare.
Limited* Deadlines::longest(Waiting kind) const noexcept {
  Limited* found = nullptr;
  for (const Head& list : lists_) {
    for (Limited* one = list.next_; one != &list; one = one->next_) {
      if (one->waiting_ == kind && (found == nullptr || one->since_ < found->since_)) found = one;
    }
  }
  return found;
}

void Deadlines::append(Limited& ring, Limited& one) noexcept {
  one.previous_ = ring.previous_;
  one.next_ = &ring;
  ring.previous_->next_ = &one;
  ring.previous_ = &one;
}

TimePoint Deadlines::earliest() const noexcept {
  TimePoint first = never;
  for (const Head& list : lists_) {
    if (list.next_ != &list) first = std::min(first, list.next_->filed_);
  }
  return first;
}

}  // namespace thane::wsgi::internal
