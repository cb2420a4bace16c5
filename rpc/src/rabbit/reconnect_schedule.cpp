#include "reconnect_schedule.hpp"

#include <algorithm>
#include <numeric>

namespace thane::rpc::internal::rabbit {

namespace {

// Without any pause a broker that is down would be asked all the time.
constexpr Duration shortest = std::chrono::milliseconds{100};

}  // namespace

ReconnectSchedule::ReconnectSchedule(const RabbitOptions& options, std::size_t hosts,
                                     std::uint64_t seed)
    : interval_(options.rabbit_retry_interval),
      step_(options.rabbit_retry_backoff),
      longest_(options.rabbit_interval_max),
      reconnect_delay_(options.kombu_reconnect_delay),
      splay_(options.kombu_reconnect_splay),
      shuffle_(options.kombu_failover_strategy == "shuffle"),
      random_(seed),
      order_(hosts),
      pause_(interval_) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::ranges::shuffle(order_, random_);
}

void ReconnectSchedule::connected() noexcept {
  was_connected_ = true;
  tried_ = 0;
}

Duration ReconnectSchedule::failed() {
  choose_next();
  if (++tried_ < order_.size()) return Duration::zero();
  tried_ = 0;
  return next_round();
}

void ReconnectSchedule::choose_next() {
  std::size_t step = 1;
  if (shuffle_ && order_.size() > 1) {  // Any but this one.
    step = std::uniform_int_distribution<std::size_t>{1, order_.size() - 1}(random_);
  }
  next_ = (next_ + step) % order_.size();
}

Duration ReconnectSchedule::next_round() {
  if (was_connected_) {
    std::uniform_int_distribution<Duration::rep> more{0, splay_.count()};
    return std::max(reconnect_delay_ + Duration{more(random_)}, shortest);
  }
  const Duration pause = std::clamp(pause_, shortest, std::max(longest_, shortest));
  pause_ += step_;
  return pause;
}

}  // namespace thane::rpc::internal::rabbit
