// Which processes a program has had, as seen by looking again and again.
#pragma once

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>
#include <vector>

#include "measured_program.hpp"

namespace thane::bench {

/// Waits until the program has a child that is not among `before`; false if it ends first, or if
/// there is none within `limit`.
inline bool wait_for_new_child(MeasuredProgram& program, const std::vector<pid_t>& before,
                               std::chrono::milliseconds limit) {
  const auto known = [&before](pid_t pid) {
    return std::find(before.begin(), before.end(), pid) != before.end();
  };
  const auto deadline = Clock::now() + limit;
  while (Clock::now() < deadline && !program.ended()) {
    const std::vector<pid_t> now = program.children();
    if (!std::all_of(now.begin(), now.end(), known)) return true;
    // To look without pause holds a lock that fork() waits for.
    std::this_thread::sleep_for(std::chrono::microseconds{20});
  }
  return false;
}

/// A process that lives shorter than the time between two looks may be missed.
class Census {
 public:
  explicit Census(const MeasuredProgram& program) : program_(program) { look(); }

  void look() {
    std::vector<pid_t> now = program_.children();
    std::sort(now.begin(), now.end());
    if (now != children_) changed_ = Clock::now();
    children_ = std::move(now);
    most_ = std::max(most_, children_.size());
    seen_.insert(children_.begin(), children_.end());
  }
  /// Looks every millisecond.
  void look_until(Clock::time_point end) {
    while (Clock::now() < end) {
      look();
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }

  [[nodiscard]] std::size_t seen() const noexcept { return seen_.size(); }
  [[nodiscard]] std::size_t most() const noexcept { return most_; }
  /// When a process was last found to have come or gone.
  [[nodiscard]] Clock::time_point changed() const noexcept { return changed_; }

 private:
  const MeasuredProgram& program_;
  std::vector<pid_t> children_;
  std::set<pid_t> seen_;
  std::size_t most_ = 0;
  Clock::time_point changed_ = Clock::now();
};

}  // namespace thane::bench
