// When a fiber has kept the others waiting for too long.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace thane::internal {

using Nanoseconds = std::chrono::nanoseconds;

/// How often something may be reported: no more than once in `interval`.
class ReportLimit {
 public:
  static constexpr Nanoseconds interval = std::chrono::seconds{1};

  /// True if a report may be made at `now`, which then counts as made.
  [[nodiscard]] bool allow(Nanoseconds now) noexcept;
  void count_missed() noexcept { ++missed_; }
  /// How many were not made since the last that was.
  [[nodiscard]] unsigned take_missed() noexcept;

 private:
  std::optional<Nanoseconds> last_;
  unsigned missed_ = 0;
};

/// Tells from looks at a thread, every now and then, how long one of its fibers has computed
/// without giving way. A value without clock and I/O.
class StallMeter {
 public:
  enum class Event {
    none,
    begun,  ///< To be reported, for the first and only time.
    over,   ///< What was reported.
  };
  struct Verdict {
    Event event = Event::none;
    Nanoseconds ran{};
    unsigned missed = 0;  ///< Of others, that were not reported.
  };
  struct Look {
    std::uint64_t switches;  ///< How many times the loop has let a fiber run.
    bool in_fiber;           ///< It runs now.
    Nanoseconds cpu;         ///< That the thread has used in its life.
    Nanoseconds now;
    /// What `cpu` was, at most, when this fiber was let run. Nothing: nobody knows; it has run
    /// since the first look at it, then, and a little less is told than has passed.
    std::optional<Nanoseconds> began = {};
  };

  [[nodiscard]] Verdict look(const Look& look) noexcept;

  /// At the last look; zero if none ran.
  [[nodiscard]] Nanoseconds ran() const noexcept {
    return watching_ ? last_ - since_ : Nanoseconds{};
  }
  void set_limit(Nanoseconds limit) noexcept { limit_ = limit; }
  [[nodiscard]] bool reported() const noexcept { return reported_; }

 private:
  Nanoseconds limit_ = Nanoseconds::max();
  bool watching_ = false;
  bool reported_ = false;
  std::uint64_t switches_ = 0;
  Nanoseconds since_{};
  Nanoseconds last_{};
  ReportLimit reports_;
};

/// What a thread has used in its life, as far as the kernel tells.
struct ThreadUsage {
  Nanoseconds cpu{};
  Nanoseconds starved{};    ///< It could have run, but the processors were taken.
  std::uint64_t waits = 0;  ///< How often it has given up the processor itself.
};

/// For how long of `passed` the thread has waited in the kernel for something to happen; all else
/// it has computed, or waited for a processor. `before` may have been taken somewhat earlier than
/// `passed` began: then a little less is told.
[[nodiscard]] Nanoseconds waited(Nanoseconds passed, const ThreadUsage& before,
                                 const ThreadUsage& after) noexcept;

}  // namespace thane::internal
