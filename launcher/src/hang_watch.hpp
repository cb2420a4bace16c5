// Whether a worker is hung: decides on what the worker and the kernel tell, without asking anybody.
#pragma once

#include <optional>

#include <thane/clock.hpp>

namespace thane::internal {

/// What can be known of a worker from outside.
struct Pulse {
  TimePoint tick{};       ///< When its loop last turned.
  Duration on_cpu{};      ///< Processor time that it has had, in all.
  bool runnable = false;  ///< It runs, or waits for nothing but a processor.
};

/// Looks at one worker when there is reason to. The first look that finds no sign of life within
/// the timeout proves nothing: the whole tree may have been stopped, or the machine. So there is a
/// second one, a moment later; and one that was ready to run in between, but was not let, is
/// starved and not hung.
class HangWatch {
 public:
  enum class Verdict { alive, hung };

  void begin(TimePoint now, Duration timeout);
  [[nodiscard]] TimePoint next_look() const noexcept { return next_look_; }
  [[nodiscard]] Verdict look(const Pulse& pulse, TimePoint now, Duration timeout);
  /// When it last gave a sign of life.
  [[nodiscard]] TimePoint heard() const noexcept { return heard_; }
  void end() noexcept { next_look_ = never; }

 private:
  struct Suspicion {
    Pulse pulse;
    TimePoint since;
  };

  TimePoint heard_{};
  TimePoint next_look_ = never;
  std::optional<Suspicion> suspicion_;
};

}  // namespace thane::internal
