// Remembers the ids of the last messages, to find those that come twice.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace thane::rpc::internal {

/// As oslo.messaging it knows the last 16 of a listener. Of what the broker says that it delivers
/// again it knows many more: when a connection is lost all comes again whose acknowledgement has
/// not arrived, and that is more than 16 where many requests are at work at once.
class SeenIds {
 public:
  static constexpr std::size_t usual = 16;
  static constexpr std::size_t most = 1024;
  enum class Delivery { first, again };

  /// Whether the id was seen before; remembers it. An empty one never was.
  [[nodiscard]] bool seen(std::string_view id, Delivery delivery);
  /// It may come again, and is none that came twice then.
  void forget(std::string_view id) noexcept;

 private:
  std::vector<std::string> ids_;  // A ring, once it is full.
  std::size_t next_ = 0;
};

}  // namespace thane::rpc::internal
