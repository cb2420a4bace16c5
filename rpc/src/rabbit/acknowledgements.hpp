// Acknowledgements of one channel, as few frames as they can be.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace thane::rpc::internal::rabbit {

/// Deliveries of a channel are numbered from 1. Work on them ends in any order; what is next to
/// each other is acknowledged by one frame. A value without I/O.
class Acknowledgements {
 public:
  struct Ack {
    std::uint64_t tag = 0;
    bool multiple = false;  ///< All up to it.

    friend bool operator==(const Ack&, const Ack&) = default;
  };

  void acknowledge(std::uint64_t tag);
  /// It was answered otherwise.
  void reject(std::uint64_t tag);

  [[nodiscard]] bool empty() const noexcept { return last_ == 0 && pending_.empty(); }
  /// What to send now for all that was acknowledged since the last time.
  [[nodiscard]] std::vector<Ack> take();

 private:
  void close_gap();

  std::uint64_t base_ = 0;           // Work on all up to here has ended.
  std::uint64_t last_ = 0;           // The last of them that is to be sent; 0: none is.
  std::set<std::uint64_t> pending_;  // Behind a gap, to be sent.
  std::set<std::uint64_t> done_;     // Behind a gap, and sent or rejected.
};

}  // namespace thane::rpc::internal::rabbit
