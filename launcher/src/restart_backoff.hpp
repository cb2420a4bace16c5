// How long the replacement of a worker that died has to wait.
#pragma once

#include <chrono>
#include <cstddef>
#include <random>

#include <thane/clock.hpp>

#include "respawn_throttle.hpp"

namespace thane::internal {

/// oslo.service's free restarts, then a delay that doubles for as long as workers keep dying.
/// A value with no clock and no I/O: the caller brings the time.
class RestartBackoff {
 public:
  explicit RestartBackoff(std::size_t workers, unsigned seed = 1);

  void set_workers(std::size_t workers) { throttle_.set_workers(workers); }

  /// Must be told of every worker that ended without being told to, when it happens.
  void record_death(TimePoint now);
  /// Must be told of every fork that is not part of a reload, when it happens.
  void record_fork(TimePoint now) { throttle_.record_fork(now); }

  /// How long a fork that is wanted at `now` is held back; zero: not at all. Asked once for each.
  [[nodiscard]] Duration hold_back(TimePoint now);

  /// How many forks in a row were held back; 0: all is well.
  [[nodiscard]] unsigned level() const noexcept { return level_; }

  /// A worker that came after a delay has lived: the next delay is a first one again.
  void trust() noexcept { level_ = 0; }

  /// Forgets what was: after a reload every worker is new, and was replaced on purpose.
  void forget() noexcept;

 private:
  RespawnThrottle throttle_;
  unsigned level_ = 0;
  Duration delay_{};
  TimePoint last_death_ = TimePoint::min();
  std::minstd_rand random_;
};

}  // namespace thane::internal
