#include "deadlines.hpp"

#include <algorithm>

namespace thane::wsgi::internal {

void Limited::unlink() noexcept {
  if (next_ == nullptr) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = next_ = nullptr;
}

Deadlines::Deadlines() {
  for (Head& list : lists_) list.previous_ = list.next_ = &list;
}

void Deadlines::set_limit(Waiting kind, Duration limit) {
  limits_[static_cast<std::size_t>(kind)] = limit;
}

void Deadlines::arm(Limited& one, Waiting kind, TimePoint now) {
  one.unlink();
  one.waiting_ = kind;
  const auto index = static_cast<std::size_t>(kind);
  if (kind == Waiting::nothing) return;

  const auto limit = limits_[index];
  one.deadline_ = limit == Duration::zero() ? never : deadline_after(now, limit);
  // The place is the last one, unless the limit of this kind was made shorter a moment ago.
  Limited* before = lists_[index].previous_;
  while (before != &lists_[index] && before->deadline_ > one.deadline_) before = before->previous_;
  one.previous_ = before;
  one.next_ = before->next_;
  before->next_->previous_ = &one;
  before->next_ = &one;
}

void Deadlines::expire(TimePoint now) {
  for (Head& list : lists_) {
    while (list.next_ != &list && list.next_->deadline_ <= now) expire_front(list);
  }
}

void Deadlines::expire_all(Waiting kind) {
  Head& list = lists_[static_cast<std::size_t>(kind)];
  while (list.next_ != &list) expire_front(list);
}

void Deadlines::expire_front(Head& list) {
  Limited& late = *list.next_;
  late.unlink();
  late.on_deadline();
}

TimePoint Deadlines::earliest() const noexcept {
  TimePoint first = never;
  for (const Head& list : lists_) {
    if (list.next_ != &list) first = std::min(first, list.next_->deadline_);
  }
  return first;
}

}  // namespace thane::wsgi::internal
