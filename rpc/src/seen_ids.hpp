// Remembers the ids of the last messages, to find those that come twice.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace thane::rpc::internal {

/// As oslo.messaging: the last 16 of each listener.
class SeenIds {
 public:
  /// Whether the id was seen before; remembers it. An empty one never was.
  [[nodiscard]] bool seen(std::string_view id);
  /// It may come again, and is none that came twice then.
  void forget(std::string_view id) noexcept;

 private:
  std::array<std::string, 16> ids_;
  std::size_t next_ = 0;
};

}  // namespace thane::rpc::internal
