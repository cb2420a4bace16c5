// Says which fiber keeps all others from running, while it does.
#pragma once

#include <memory>

#include <thane/clock.hpp>

namespace thane::internal {

/// While one exists, a fiber of this thread's FiberLoop that computes for `limit` without giving
/// way is logged with its stack, once, and once more when it has given way:
///
///     stall: fiber poll (id 7) has run for 112 ms without giving way
///         at shop::Stock::count + 0x30 (shop+0x8a10)
///     stall: fiber poll (id 7) gave way after 512 ms
///
/// What counts is the CPU time of the thread, so that a process that was stopped or did not get the
/// processor is no stall. A fiber that has waited so long in a system call is logged when it has
/// come back, without a stack: `stall: the loop stood still for 480 ms in fiber poll`. Of each
/// kind, no more than one a second.
///
/// Takes SIGRTMAX - 1 (63), which a timer sends while the thread computes, and SIGCONT if it has
/// its default action. To be made on the loop's thread; one at a time. An idle loop is not woken.
class StallWatch {
 public:
  explicit StallWatch(Duration limit);  ///< Zero: off. Throws std::system_error.
  ~StallWatch();
  StallWatch(const StallWatch&) = delete;
  StallWatch& operator=(const StallWatch&) = delete;

  void set_limit(Duration limit) noexcept;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace thane::internal
