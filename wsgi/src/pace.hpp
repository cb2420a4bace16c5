// Whether a client moves a body or an answer fast enough to be worth the wait.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <thane/clock.hpp>

namespace thane::wsgi::internal {

/// A client may keep us waiting for `allowance` in all, and beyond it for a second for each `rate`
/// octets. Without this, one octet shortly before each time limit holds a connection for ever.
/// A value without a clock.
class Pace {
 public:
  /// A rate of zero: no client is too slow.
  void set(Duration allowance, std::size_t rate) noexcept {
    allowance_ = allowance;
    rate_ = rate;
  }

  void restart() noexcept {
    waited_ = Duration::zero();
    octets_ = 0;
  }

  /// We have waited so long, and then so much went over. False: it is too slow.
  [[nodiscard]] bool note(Duration waited, std::size_t octets) noexcept {
    waited_ += waited;
    octets_ += octets;
    if (rate_ == 0 || allowance_ == Duration::zero() || waited_ <= allowance_) return true;
    const std::chrono::duration<double> beyond = waited_ - allowance_;
    return beyond.count() * static_cast<double>(rate_) <= static_cast<double>(octets_);
  }

 private:
  Duration allowance_{};
  std::size_t rate_ = 0;
  Duration waited_{};
  std::uint64_t octets_ = 0;
};

}  // namespace thane::wsgi::internal
