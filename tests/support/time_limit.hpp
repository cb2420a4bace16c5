// Limits in time that a program is held to: what it promises, and room for the machine.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <ratio>
#include <string>

namespace thane::testing {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

/// What a busy machine may add to a limit: 300 ms, below sanitizers 2 s. THANE_TEST_SLACK=MS sets
/// another one; with 0 a quiet machine is held to the promises themselves.
[[nodiscard]] std::chrono::milliseconds slack();

/// The limit that a test checks, for the one that the program promises.
[[nodiscard]] inline std::chrono::milliseconds with_slack(std::chrono::milliseconds promised) {
  return promised + slack();
}

/// Runs from its construction on.
///
///     const Stopwatch since_kill;
///     parent.ready(0);
///     CHECK(since_kill.elapsed() < with_slack(100ms));
class Stopwatch {
 public:
  [[nodiscard]] std::chrono::milliseconds elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 start_);
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace thane::testing

/// A failed check shows both times.
template <class Rep, class Period>
struct doctest::StringMaker<std::chrono::duration<Rep, Period>> {
  static doctest::String convert(const std::chrono::duration<Rep, Period>& time) {
    const std::chrono::duration<double, std::milli> shown = time;
    return (std::to_string(shown.count()) + " ms").c_str();
  }
};
