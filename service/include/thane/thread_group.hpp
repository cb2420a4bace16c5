// A bounded group of fibers and timers that are started, stopped and waited for together.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string_view>

#include <thane/clock.hpp>
#include <thane/fiber.hpp>

namespace thane {

class DynamicLoopingCall;
class FixedIntervalLoopingCall;

/// Fibers and timers with one owner. May be constructed before fork(), and used after it only.
///
///     thane::ThreadGroup group{100};
///     group.spawn([] { serve(); }, "serve");        // Blocks the caller while 100 run.
///     group.add_timer(10s, [] { report(); });
///     group.stop();                                  // Timers end at once, fibers finish.
///     group.wait();                                  // Until all have.
///
/// After stop(), wait() and a return of it the group may be used again.
class ThreadGroup {
 public:
  explicit ThreadGroup(std::size_t size = 1000);
  /// Kills what is left and waits for it (from a fiber), so that no fiber outlives what it uses.
  ~ThreadGroup();
  ThreadGroup(const ThreadGroup&) = delete;
  ThreadGroup& operator=(const ThreadGroup&) = delete;

  /// Starts a fiber; blocks the calling fiber while `size` are running. An exception that ends the
  /// fiber is logged once, with the fiber's name. Throws gate_closed_error after stop().
  Fiber spawn(std::function<void()> body, std::string_view name = {});
  /// The same, but answers an empty handle at once when the group is full.
  [[nodiscard]] Fiber try_spawn(std::function<void()> body, std::string_view name = {});

  /// Runs `body` every `interval` from start to start, the first time after `initial_delay`.
  FixedIntervalLoopingCall& add_timer(Duration interval, std::function<void()> body,
                                      Duration initial_delay = Duration::zero());

  void stop() noexcept;   ///< Graceful: gate closed, timers stop at once, running fibers finish.
  void kill() noexcept;   ///< stop(), and every fiber but the calling one is killed.
  void wait();            ///< Blocks until all timers and fibers have ended.

  [[nodiscard]] std::size_t running() const noexcept;
  [[nodiscard]] std::size_t waiting() const noexcept;  ///< Fibers blocked in spawn().
};

}  // namespace thane
