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

  void acknowledge(std::uint64_t tag) { pending_.insert(tag); }
  /// It was answered otherwise.
  void reject(std::uint64_t tag) { done_.insert(tag); }

  [[nodiscard]] bool empty() const noexcept { return pending_.empty(); }
  /// What to send now for all that was acknowledged since the last time.
  [[nodiscard]] std::vector<Ack> take();

 private:
  std::set<std::uint64_t> pending_;  // To be sent.
  std::set<std::uint64_t> done_;     // Sent, but with gaps before them.
  std::uint64_t base_ = 0;           // All up to here is done.
};

}  // namespace thane::rpc::internal::rabbit
