#include "seen_ids.hpp"

#include <algorithm>

namespace thane::rpc::internal {

bool SeenIds::seen(std::string_view id, Delivery delivery) {
  if (id.empty()) return false;
  const std::size_t window = std::min(delivery == Delivery::again ? most : usual, ids_.size());
  for (std::size_t back = 1; back <= window; ++back) {
    if (ids_[next_ >= back ? next_ - back : next_ + ids_.size() - back] == id) return true;
  }
  if (ids_.size() < most) {
    ids_.emplace_back(id);
  } else {
    ids_[next_] = id;
  }
  next_ = (next_ + 1) % most;
  return false;
}

void SeenIds::forget(std::string_view id) noexcept {
  const auto found = std::ranges::find(ids_, id);
  if (found != ids_.end()) found->clear();
}

}  // namespace thane::rpc::internal
