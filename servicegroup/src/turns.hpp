// Which of a service's workers reports for all of them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include <thane/clock.hpp>

namespace thane::servicegroup::internal {

/// Memory that a parent shares with its workers, with the time of the last turn in it. Each worker
/// asks for a turn once an interval, and gets one if nobody has had one for nearly so long. So the
/// one that had the last has the next, unless it is late, hangs or is gone: then the next that
/// asks has it. There is nobody to elect and nothing to give back.
class Turns {
 public:
  /// Throws std::system_error.
  explicit Turns(Duration interval);
  ~Turns();
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  /// `now`: CLOCK_MONOTONIC, which is the same in all processes.
  [[nodiscard]] bool try_take(TimePoint now) noexcept;
  void take(TimePoint now) noexcept;

 private:
  using Last = std::atomic<std::int64_t>;
  static_assert(Last::is_always_lock_free);

  Duration nearly_;
  Last* last_;
};

}  // namespace thane::servicegroup::internal
