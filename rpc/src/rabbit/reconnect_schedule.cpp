#include "reconnect_schedule.hpp"

#include <algorithm>

namespace thane::rpc::internal::rabbit {

namespace {

// Without any pause a broker that is down would be asked all the time.
constexpr Duration shortest = std::chrono::milliseconds{100};

}  // namespace

ReconnectSchedule::ReconnectSchedule(const RabbitOptions& options, std::size_t hosts) noexcept
    : interval_(options.rabbit_retry_interval),
      step_(options.rabbit_retry_backoff),
      longest_(options.rabbit_interval_max),
      reconnect_delay_(options.kombu_reconnect_delay),
      hosts_(hosts),
      pause_(interval_) {}

void ReconnectSchedule::connected() noexcept {
  was_connected_ = true;
  tried_ = 0;
}

Duration ReconnectSchedule::failed() noexcept {
  host_ = (host_ + 1) % hosts_;
  if (++tried_ < hosts_) return Duration::zero();
  tried_ = 0;
  return next_round();
}

Duration ReconnectSchedule::next_round() noexcept {
  if (was_connected_) return std::max(reconnect_delay_, shortest);
  const Duration pause = std::clamp(pause_, shortest, std::max(longest_, shortest));
  pause_ += step_;
  return pause;
}

}  // namespace thane::rpc::internal::rabbit
