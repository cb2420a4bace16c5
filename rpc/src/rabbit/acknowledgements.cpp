#include "acknowledgements.hpp"

#include <utility>

namespace thane::rpc::internal::rabbit {

void Acknowledgements::acknowledge(std::uint64_t tag) {
  if (tag != base_ + 1) {
    pending_.insert(tag);
    return;
  }
  last_ = ++base_;
  close_gap();
}

void Acknowledgements::reject(std::uint64_t tag) {
  if (tag != base_ + 1) {
    done_.insert(tag);
    return;
  }
  ++base_;
  close_gap();
}

// What is behind base_ without a gap belongs to it. The broker refuses a number that it has seen
// before, so last_ is none that was sent or rejected.
void Acknowledgements::close_gap() {
  for (;;) {
    if (!pending_.empty() && pending_.erase(base_ + 1) > 0) {
      last_ = base_ + 1;
    } else if (done_.empty() || done_.erase(base_ + 1) == 0) {
      return;
    }
    ++base_;
  }
}

std::vector<Acknowledgements::Ack> Acknowledgements::take() {
  std::vector<Ack> acks;
  if (last_ > 0) acks.push_back({.tag = std::exchange(last_, 0), .multiple = true});
  for (const std::uint64_t tag : std::exchange(pending_, {})) {
    acks.push_back({.tag = tag});
    done_.insert(tag);
  }
  return acks;
}

}  // namespace thane::rpc::internal::rabbit
