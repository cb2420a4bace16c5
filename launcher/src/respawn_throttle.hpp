// How fast a parent may replace workers that keep dying.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>

#include <thane/clock.hpp>

namespace thane::internal {

/// Holds back forks when workers die faster than they can be of use.
/// A value with no clock, no lock and no I/O: the caller brings the time.
class RespawnThrottle {
 public:
  explicit RespawnThrottle(std::size_t workers);
  void set_workers(std::size_t workers);

  /// How long a fork wanted at `now` has to be held back; zero means: fork at once.
  [[nodiscard]] Duration delay(TimePoint now) const;

  /// Must be told of every fork that is not part of a reload, when it happens.
  void record_fork(TimePoint now);

  /// Forgets past forks: after a reload every worker is new, and was replaced on purpose.
  void forget() noexcept { forks_.clear(); }

 private:
  std::size_t workers_;
  std::deque<TimePoint> forks_;  // Oldest first, never more than workers_ + 1.
};

}  // namespace thane::internal
