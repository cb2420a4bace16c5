// A bounded group of fibers and timers that are started, stopped and waited for together.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include <thane/clock.hpp>
#include <thane/dynamic_looping_call.hpp>
#include <thane/fiber.hpp>
#include <thane/fixed_interval_looping_call.hpp>

namespace thane {

/// Fibers and timers with one owner. May be constructed before fork(), and used after it only.
///
///     thane::ThreadGroup group{100};
///     group.spawn([] { serve(); }, "serve");        // Blocks the caller while 100 run.
///     group.add_timer(10s, [] { report(); });
///     group.stop();                                  // Timers end at once, fibers finish.
///     group.wait();                                  // Until all have.
///
/// Order of calls: spawn() and the timers, stop() or kill(), wait(); after that the group is open
/// again and may be used as if it were new, as a service does that is restarted by SIGHUP. All
/// calls but the constructor are to be made on the thread of one FiberLoop.
///
/// A fiber or timer that has ended is no longer part of the group: it holds no place and nothing
/// that its function captured. What ended it, if it was an exception, is logged once.
class ThreadGroup {
 public:
  /// `size`: how many fibers run at the same time at the most, at least 1. Timers do not count.
  explicit ThreadGroup(std::size_t size = 1000);
  /// Kills what is left and waits for it (from a fiber), so that no fiber outlives what it uses.
  ~ThreadGroup();
  ThreadGroup(const ThreadGroup&) = delete;
  ThreadGroup& operator=(const ThreadGroup&) = delete;

  /// Starts a fiber, which runs when the caller suspends. Blocks the calling fiber while `size` are
  /// running; those that wait get their turn in the order in which they came. Throws
  /// gate_closed_error from stop() on, also out of the waiting. The handle that is returned serves
  /// to kill(), wait() for and link() to this one fiber.
  Fiber spawn(std::function<void()> body, std::string_view name = {});
  /// The same, but answers an empty handle at once when the group is full or others wait already.
  [[nodiscard]] Fiber try_spawn(std::function<void()> body, std::string_view name = {});

  /// Runs `body` every `interval` from start to start, the first time after `initial_delay`.
  /// An exception out of `body` ends the timer, unless options say otherwise. The timer can be
  /// stopped and waited for alone through what is returned. Throws as
  /// FixedIntervalLoopingCall::start does, and gate_closed_error after stop().
  std::shared_ptr<FixedIntervalLoopingCall> add_timer(Duration interval, std::function<void()> body,
                                                      Duration initial_delay = Duration::zero());
  std::shared_ptr<FixedIntervalLoopingCall> add_timer(
      Duration interval, std::function<void()> body,
      const FixedIntervalLoopingCall::Options& options, std::string_view name = "timer");

  /// Runs `body`, which returns how long to sleep before the next time.
  ///
  ///     group.add_dynamic_timer([&] { return tasks.run_periodic_tasks(); });
  std::shared_ptr<DynamicLoopingCall> add_dynamic_timer(
      DynamicLoopingCall::Function body, const DynamicLoopingCall::Options& options = {},
      std::string_view name = "timer");

  /// Graceful: closes the group to new fibers and timers; timers stop at once (a running `body`
  /// finishes), running fibers finish, whoever blocks in spawn() gets gate_closed_error. Safe to
  /// call twice, and from a member of the group.
  void stop() noexcept;
  /// stop() for the timers alone. The group stays open.
  void stop_timers() noexcept;
  /// stop(), and every fiber and timer function is killed. A member that calls it is skipped.
  void kill() noexcept;
  /// Blocks the calling fiber until all fibers and timers have ended. If stop() was called, the
  /// group is open again when it returns. Throws std::logic_error when a member of the group calls
  /// it, which could never end.
  void wait();

  [[nodiscard]] std::size_t size() const noexcept;     ///< As given to the constructor.
  [[nodiscard]] std::size_t running() const noexcept;  ///< Fibers, those not run yet included.
  [[nodiscard]] std::size_t timers() const noexcept;
  [[nodiscard]] std::size_t waiting() const noexcept;  ///< Fibers blocked in spawn().

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace thane
