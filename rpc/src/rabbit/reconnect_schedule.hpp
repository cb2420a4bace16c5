// When to try again to reach a broker, and which of its hosts.
#pragma once

#include <cstddef>

#include <thane/clock.hpp>

#include "options.hpp"

namespace thane::rpc::internal::rabbit {

/// The back-off of kombu and oslo.messaging; a value without clock. Until the first success pauses
/// grow, one after each round of all hosts. A connection that is lost is replaced at once if there
/// is another host, else after kombu_reconnect_delay, and that is the pause from then on: whoever
/// was there is likely to be back soon.
class ReconnectSchedule {
 public:
  /// `hosts`: at least 1.
  ReconnectSchedule(const RabbitOptions& options, std::size_t hosts) noexcept;

  /// The host to try next.
  [[nodiscard]] std::size_t host() const noexcept { return host_; }
  void connected() noexcept;
  /// An attempt failed, or the connection was lost: how long to wait before the next.
  [[nodiscard]] Duration failed() noexcept;

 private:
  Duration next_round() noexcept;

  Duration interval_;
  Duration step_;
  Duration longest_;
  Duration reconnect_delay_;
  std::size_t hosts_;
  std::size_t host_ = 0;
  std::size_t tried_ = 0;  // In this round.
  Duration pause_;
  bool was_connected_ = false;
};

}  // namespace thane::rpc::internal::rabbit
