// What the programs that load an RPC server for bench_rpc have in common.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace thane::bench {

/// The argument of each call, and what has to come back.
[[nodiscard]] inline std::string call_text() {
  constexpr std::size_t octets = 100;
  return std::string(octets, 'x');
}

/// One round: calls are begun until it is over, `outstanding` of them at a time.
class Round {
 public:
  using Clock = std::chrono::steady_clock;

  Round(std::size_t outstanding, double seconds)
      : outstanding_(outstanding), end_(begin_ + std::chrono::duration<double>(seconds)) {}

  [[nodiscard]] std::size_t outstanding() const noexcept { return outstanding_; }
  [[nodiscard]] bool over(Clock::time_point now) const noexcept { return now >= end_; }
  /// A call that was begun at `sent` has been answered.
  void answered(Clock::time_point sent, Clock::time_point now) {
    times_.push_back(std::chrono::duration<float, std::micro>(now - sent).count());
  }
  /// "CALLS SECONDS P50 P99"; the last two are microseconds.
  [[nodiscard]] std::string summary();

 private:
  std::size_t outstanding_;
  Clock::time_point begin_ = Clock::now();
  std::chrono::time_point<Clock, std::chrono::duration<double, Clock::period>> end_;
  std::vector<float> times_;
};

/// Reads lines "OUTSTANDING SECONDS" from the standard input, and answers each by the summary of
/// such a round.
void serve_rounds(const std::function<void(Round&)>& run);

}  // namespace thane::bench
