// What one kind of looping call does that the others do not: its call, and when the next is due.
#pragma once

#include <thane/clock.hpp>

namespace thane::internal {

/// The rhythm of one run of a LoopingCall, which owns it and runs it in a fiber.
class Cadence {
 public:
  struct Kind {
    const char* name;           ///< Begins log lines: "Fixed interval looping call".
    const char* one_at_a_time;  ///< The error of a second start().
  };
  struct Call {
    TimePoint due;
    TimePoint began;
    TimePoint ended;
  };

  virtual ~Cadence() = default;

  [[nodiscard]] virtual Kind kind() const = 0;
  virtual void call() = 0;

  /// When the next call is due after one that returned; throws what ends the loop instead.
  virtual TimePoint next(const Call& call) = 0;
  /// Nothing: a call that throws ends the loop. Otherwise when the next one is due.
  virtual bool goes_on_after_error() const { return false; }
  virtual TimePoint next_after_error(const Call& call) { return call.ended; }

  /// When the loop must end in any case, and what ends it then.
  [[nodiscard]] virtual TimePoint deadline() const { return never; }
  virtual void give_up(TimePoint) {}
};

}  // namespace thane::internal
