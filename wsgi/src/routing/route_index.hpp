// Finds the few of many routes that a path can belong to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "routing/route.hpp"

namespace thane::wsgi::internal {

/// A tree of what stands between the '/' of paths. It looks at text alone, so that what it finds
/// is still to be compared with the path.
class RouteIndex {
 public:
  /// Where a route stands among those that may match: the smallest is tried first.
  using Rank = std::uint64_t;

  void add(const Route& route);

  /// The positions of all routes that `path` may belong to, in the order in which Routes tries
  /// them.
  [[nodiscard]] std::vector<std::size_t> candidates(std::string_view path) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  using NodeId = std::size_t;
  using Children = std::unordered_map<std::string, NodeId, Hash, std::equal_to<>>;
  struct Node {
    Children whole;                             // By the whole segment.
    std::map<std::size_t, Children> beginning;  // By its first octets, and how many they are.
    std::vector<Rank> ends;                     // Routes that the path has to end here for.
    std::vector<Rank> open;                     // Routes that do not care what follows.
  };

  NodeId child(Children& children, const std::string& text);
  void collect(NodeId at, const char* rest, const char* end, std::vector<Rank>& found) const;

  std::vector<Node> nodes_{1};
};

}  // namespace thane::wsgi::internal
