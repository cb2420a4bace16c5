// One fiber, as the loop sees it.
#pragma once

#include <boost/asio/cancellation_signal.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <thane/assert.hpp>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/internal/wait_list.hpp>

#include "stack_pool.hpp"
#include "stack_switch.hpp"

namespace thane::internal {

class TimeoutScope;
class FiberLocals;
class FiberContext;

/// What a suspended fiber waits for. Lives in the frame that waits.
struct Wait {
  using Interrupt = void (*)(Wait& wait) noexcept;

  const char* what;               ///< For dump(): "event", "queue", ...
  Interrupt interrupt = nullptr;  ///< Ends the wait early; null: cannot be.
  TimePoint deadline = never;     ///< For dump().
};

/// Owned by its handles and, until it has ended, by the loop.
class FiberContext {
 public:
  enum class State { ready, running, waiting, done };

  FiberContext(FiberLoop::Impl& owner, std::function<void()> body, std::string_view fiber_name);
  ~FiberContext();
  FiberContext(const FiberContext&) = delete;
  FiberContext& operator=(const FiberContext&) = delete;

  /// The fiber that runs on this thread now, or null.
  static FiberContext* running() noexcept { return running_; }
  /// The same where there has to be one.
  static FiberContext& self() noexcept {
    THANE_ASSERT(running_ != nullptr);  // Only a fiber can wait.
    return *running_;
  }
  static Fiber handle(FiberContext* context) noexcept { return Fiber{context}; }
  static FiberContext& of(const Fiber& fiber) noexcept { return *fiber.context_; }

  void add_reference() noexcept { ++references_; }
  void release() noexcept;

  /// From the loop: runs the fiber until it suspends or ends.
  void resume() noexcept;
  /// From the fiber: suspends it until somebody resumes it.
  void suspend(Wait& wait) noexcept;

  /// Throws what kill() or a Timeout has in store for this fiber. Called on entry to everything
  /// that may suspend, before anything is taken from anybody.
  void check_interrupt() {
    if (interrupts_ != 0) {
      throw_interrupt();
    }
  }
  void kill() noexcept;
  void timed_out() noexcept;  ///< One of its Timeout scopes is over.
  void timeout_withdrawn() noexcept { --interrupts_; }

  void join();
  void link(std::function<void(const Fiber&)> callback);
  void release_unused_stack() noexcept;
  /// Calls function(argument) on top of its stack if it has one and is suspended.
  bool visit(StackSwitch::Function function, void* argument) noexcept;

  [[nodiscard]] std::string_view shown_name() const noexcept {
    return name.empty() ? std::string_view{"(no name)"} : name;
  }
  [[nodiscard]] bool done() const noexcept { return state_ == State::done; }
  [[nodiscard]] bool started() const noexcept { return started_; }
  /// It has a stack and is not on it.
  [[nodiscard]] bool has_suspended() const noexcept {
    return started_ && state_ != State::done && running_ != this;
  }
  [[nodiscard]] bool killed() const noexcept { return killed_; }
  [[nodiscard]] bool observed() const noexcept { return observed_; }
  void observe() noexcept { observed_ = true; }
  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] const Wait* waits_for() const noexcept { return wait_; }
  [[nodiscard]] const Stack& stack() const noexcept { return stack_; }
  [[nodiscard]] const StackSwitch& machine() const noexcept { return machine_; }
  /// For the one Asio operation that the fiber waits for; keeps its memory from one to the next.
  [[nodiscard]] boost::asio::cancellation_signal& cancellation() noexcept { return cancellation_; }

  FiberLoop::Impl& loop;
  const std::uint64_t id;
  std::string name;
  std::exception_ptr error;
  unsigned masks = 0;
  TimeoutScope* timeouts = nullptr;  ///< The innermost scope.
  std::unique_ptr<FiberLocals> locals;
  FiberContext* next_ready = nullptr;  ///< In the loop's ready queue.
  FiberContext* older = nullptr;       ///< In the loop's list of all.
  FiberContext* newer = nullptr;

 private:
  friend class thane::FiberLoop::Impl;

  static void main(void* self) noexcept;
  void run_body() noexcept;
  void finish() noexcept;
  [[nodiscard]] bool interruptible() const noexcept;
  void interrupt() noexcept;
  void throw_interrupt();

  static constinit thread_local FiberContext* running_ [[gnu::tls_model("initial-exec")]];

  std::size_t references_ = 0;
  State state_ = State::ready;
  bool started_ = false;
  bool killed_ = false;
  bool observed_ = false;
  unsigned interrupts_ = 0;  // A kill, and each Timeout that is over and not yet thrown.
  Wait* wait_ = nullptr;
  std::function<void()> body_;
  Stack stack_;
  StackSwitch machine_;
  boost::asio::cancellation_signal cancellation_;
  WaitList joiners_;
  std::vector<std::function<void(const Fiber&)>> links_;
};

}  // namespace thane::internal
