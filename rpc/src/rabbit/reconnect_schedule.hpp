// When to try again to reach a broker, and which of its hosts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <thane/clock.hpp>

#include "options.hpp"

namespace thane::rpc::internal::rabbit {

/// The back-off of kombu and oslo.messaging; a value without clock. Until the first success pauses
/// grow, one after each round of all hosts. A connection that is lost is replaced at once if there
/// is another host, else after kombu_reconnect_delay and what kombu_reconnect_splay adds, and that
/// is the pause from then on: whoever was there is likely to be back soon. The first host is a
/// random one, so that clients spread over a cluster; kombu_failover_strategy says which is next.
class ReconnectSchedule {
 public:
  /// `hosts`: at least 1. `seed`: of all that is random; another one in each process.
  ReconnectSchedule(const RabbitOptions& options, std::size_t hosts, std::uint64_t seed);

  /// The host to try next.
  [[nodiscard]] std::size_t host() const noexcept { return order_[next_]; }
  void connected() noexcept;
  /// An attempt failed, or the connection was lost: how long to wait before the next.
  [[nodiscard]] Duration failed();

 private:
  void choose_next();
  Duration next_round();

  Duration interval_;
  Duration step_;
  Duration longest_;
  Duration reconnect_delay_;
  Duration splay_;
  bool shuffle_;
  std::mt19937_64 random_;
  std::vector<std::size_t> order_;  // Of hosts.
  std::size_t next_ = 0;
  std::size_t tried_ = 0;  // In this round.
  Duration pause_;
  bool was_connected_ = false;
};

}  // namespace thane::rpc::internal::rabbit
