#include "acknowledgements.hpp"

#include <utility>

namespace thane::rpc::internal::rabbit {

std::vector<Acknowledgements::Ack> Acknowledgements::take() {
  std::vector<Ack> acks;
  std::uint64_t last = 0;  // The broker refuses a number that it has seen before.
  for (;;) {
    if (pending_.erase(base_ + 1) > 0) {
      last = base_ + 1;
    } else if (done_.erase(base_ + 1) == 0) {
      break;
    }
    ++base_;
  }
  if (last > 0) acks.push_back({.tag = last, .multiple = true});
  for (const std::uint64_t tag : std::exchange(pending_, {})) {
    acks.push_back({.tag = tag});
    done_.insert(tag);
  }
  return acks;
}

}  // namespace thane::rpc::internal::rabbit
