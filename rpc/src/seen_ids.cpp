#include "seen_ids.hpp"

#include <algorithm>

namespace thane::rpc::internal {

bool SeenIds::seen(std::string_view id) {
  if (id.empty()) return false;
  if (std::ranges::find(ids_, id) != ids_.end()) return true;
  ids_[next_] = id;
  next_ = (next_ + 1) % ids_.size();
  return false;
}

void SeenIds::forget(std::string_view id) noexcept {
  const auto found = std::ranges::find(ids_, id);
  if (found != ids_.end()) found->clear();
}

}  // namespace thane::rpc::internal
