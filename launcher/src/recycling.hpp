// After how much a worker is replaced though nothing is wrong with it.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include <thane/clock.hpp>

namespace thane::internal {

/// Zero: no limit.
struct RecycleLimits {
  std::uint64_t requests = 0;
  Duration lifetime{};
  std::uint64_t rss_kib = 0;
  int jitter_percent = 0;
};

/// The limits of one worker: those for all with its own jitter. A value.
class Recycling {
 public:
  template <class Random>
  Recycling(const RecycleLimits& limits, Random&& random) : limits_(limits) {
    std::uniform_real_distribution<double> more{0, limits.jitter_percent / 100.0};
    const double factor = 1 + more(random);
    limits_.requests = static_cast<std::uint64_t>(static_cast<double>(limits.requests) * factor);
    limits_.lifetime = std::chrono::duration_cast<Duration>(limits.lifetime * factor);
  }

  [[nodiscard]] const RecycleLimits& limits() const noexcept { return limits_; }
  [[nodiscard]] bool any() const noexcept {
    return limits_.requests > 0 || limits_.lifetime > Duration::zero() || limits_.rss_kib > 0;
  }

  /// The limit that has been passed, in words for the log; empty: none.
  [[nodiscard]] std::string passed(std::uint64_t requests, Duration age,
                                   std::uint64_t rss_kib) const;

 private:
  RecycleLimits limits_;
};

/// The resident memory of this process; 0 where the kernel does not tell.
[[nodiscard]] std::uint64_t resident_kib() noexcept;

}  // namespace thane::internal
