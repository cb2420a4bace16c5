#include "routing/route_index.hpp"

#include <algorithm>

#include <thane/assert.hpp>

namespace thane::wsgi::internal {

namespace {

// Routes with longer prefixes come first, then those that were connected first.
constexpr int position_bits = 32;
constexpr RouteIndex::Rank position_mask = (RouteIndex::Rank{1} << position_bits) - 1;

RouteIndex::Rank rank_of(const Route& route) {
  THANE_ASSERT(route.prefix.size() < position_mask && route.position < position_mask);
  return (position_mask - route.prefix.size()) << position_bits | route.position;
}

}  // namespace

RouteIndex::NodeId RouteIndex::child(Children& children, const std::string& text) {
  return children.try_emplace(text, nodes_.size()).first->second;
}

void RouteIndex::add(const Route& route) {
  const auto outline = route.outline();
  NodeId at = 0;
  for (const auto& segment : outline.segments) {
    auto& node = nodes_[at];
    at = child(segment.whole ? node.whole : node.beginning[segment.text.size()], segment.text);
    if (at == nodes_.size()) nodes_.emplace_back();
  }
  (outline.open ? nodes_[at].open : nodes_[at].ends).push_back(rank_of(route));
}

std::vector<std::size_t> RouteIndex::candidates(std::string_view path) const {
  std::vector<Rank> found;
  if (path.data() == nullptr) path = "";
  collect(0, path.data(), path.data() + path.size(), found);
  std::ranges::sort(found);
  for (auto& rank : found) rank &= position_mask;
  return found;
}

// `rest`: where the next segment begins; null behind the last one.
void RouteIndex::collect(NodeId at, const char* rest, const char* end,
                         std::vector<Rank>& found) const {
  const auto& node = nodes_[at];
  found.insert(found.end(), node.open.begin(), node.open.end());
  if (rest == nullptr) {
    found.insert(found.end(), node.ends.begin(), node.ends.end());
    return;
  }
  const auto* slash = std::find(rest, end, '/');
  const std::string_view segment{rest, static_cast<std::size_t>(slash - rest)};
  const auto* next = slash == end ? nullptr : slash + 1;
  if (const auto found_child = node.whole.find(segment); found_child != node.whole.end()) {
    collect(found_child->second, next, end, found);
  }
  for (const auto& [size, children] : node.beginning) {
    if (size > segment.size()) break;
    const auto found_child = children.find(segment.substr(0, size));
    if (found_child != children.end()) collect(found_child->second, next, end, found);
  }
}

}  // namespace thane::wsgi::internal
