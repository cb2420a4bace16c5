// The scheduler behind FiberLoop: ready fibers, deadlines, and when to look at the sockets.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <thane/fiber_loop.hpp>
#include <thane/internal/worker_slot.hpp>

#include "asio_side.hpp"
#include "fiber_context.hpp"
#include "loop_observer.hpp"
#include "net/socket_poll.hpp"
#include "offload_pool.hpp"
#include "overflow_handler.hpp"
#include "stack_pool.hpp"
#include "timer_heap.hpp"

namespace thane {

/// One loop. Fibers run from the ready queue, or straight from the event that they waited for. The
/// loop sleeps in its own epoll set, or, once io() was called, in Asio.
class FiberLoop::Impl {
 public:
  using FiberContext = internal::FiberContext;

  explicit Impl(const Options& options);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  /// The loop of this thread, or null.
  static FiberLoop* of_this_thread() noexcept { return current_; }
  static void set_of_this_thread(FiberLoop* loop) noexcept { current_ = loop; }

  /// The fiber lives until it has ended; whoever wants it longer takes a handle.
  FiberContext& spawn(std::function<void()> body, std::string_view name);
  void run_until_done(const FiberContext& fiber);
  void kill_all_and_drain();

  /// Queues a suspended or new fiber; it runs after those that are queued already.
  void make_ready(FiberContext& fiber) noexcept {
    fiber.state_ = FiberContext::State::ready;
    fiber.next_ready = nullptr;
    (ready_last_ != nullptr ? ready_last_->next_ready : ready_first_) = &fiber;
    ready_last_ = &fiber;
    if (phase_ == Phase::waiting && asio_) {
      asio_->stop();
    }
  }
  /// Where an event or an Asio handler is dealt with: runs the fiber now if the loop can, else
  /// queues it.
  void resume_at_once(FiberContext& fiber) noexcept;
  void fiber_ended(FiberContext& fiber) noexcept;
  /// The fiber that a suspending one may switch to itself, if it is the next one's turn anyway.
  [[nodiscard]] FiberContext* take_ready_for_direct_switch() noexcept {
    return phase_ == Phase::fibers && budget_ > 0 ? take_ready() : nullptr;
  }
  /// The stack that fibers come back to.
  [[nodiscard]] internal::StackSwitch& home() noexcept { return home_; }

  /// Queues a call for the thread pool, which is made with the first one.
  void offload(internal::OffloadPool::Job& job);
  void offload_ended() noexcept { --offloads_; }

  [[nodiscard]] TimePoint now() const {
    return time_ == Time::real ? SteadyClock::now() : simulated_now_;
  }
  void add_timer(internal::Timer& timer, TimePoint when);
  [[nodiscard]] internal::TimerHeap& timers() noexcept { return timers_; }

  /// From the first call on the loop sleeps in it.
  [[nodiscard]] boost::asio::io_context& io() { return asio_ ? asio_->io() : begin_asio(); }
  [[nodiscard]] internal::SocketPoll& sockets() noexcept { return sockets_; }
  /// A fiber waits for a descriptor, and does so no more.
  void io_wait_begins() noexcept { ++io_waits_; }
  void io_wait_ends() noexcept { --io_waits_; }
  [[nodiscard]] internal::StackPool& stacks() noexcept { return stacks_; }
  [[nodiscard]] FiberContext* oldest_fiber() const noexcept { return oldest_; }
  [[nodiscard]] std::size_t fibers() const noexcept { return alive_; }
  /// Counts the rounds of the loop: a loop that does not turn is stuck in a fiber.
  [[nodiscard]] std::uint64_t turns() const noexcept { return turns_; }
  /// Counts how often a fiber was let run. May be read in a signal handler of the loop's thread.
  [[nodiscard]] std::uint64_t switches() const noexcept {
    return switches_.load(std::memory_order_relaxed);
  }
  /// Null: nobody is told.
  void set_observer(internal::LoopObserver* observer) noexcept { observer_ = observer; }
  /// The fiber that ran first since the loop last had control.
  [[nodiscard]] const char* name_at_last_tick() const noexcept { return slot_.fiber.data(); }

  /// How many fibers run between two looks at the sockets.
  static constexpr int fibers_per_poll = 128;
  /// How many completions are handled before the deadlines and other fibers get their turn.
  static constexpr int completions_per_poll = internal::SocketPoll::batch;

 private:
  enum class Phase {
    fibers,   // Running the ready queue.
    polling,  // Looking at the sockets, with fibers ready.
    waiting,  // The same with none: who makes one ready has to end it.
  };

  template <class Done>
  void turn(const Done& done);
  template <class Done>
  void run_ready(const Done& done);
  FiberContext* take_ready() noexcept {
    FiberContext* fiber = ready_first_;
    if (fiber != nullptr) {
      --budget_;
      count_switch();
      ready_first_ = fiber->next_ready;
      if (ready_first_ == nullptr) {
        ready_last_ = nullptr;
      }
    }
    return fiber;
  }
  void count_switch() noexcept {
    switches_.store(switches() + 1, std::memory_order_relaxed);  // One thread writes it.
  }
  void fibers_ended() noexcept {
    if (observer_ != nullptr) {
      observer_->fibers_end();
    }
  }
  std::optional<Duration> fire_due_timers();
  void look_at_sockets(Phase phase, std::optional<Duration> limit);
  void look_through_asio(std::optional<Duration> limit);
  void watch_sockets_in_asio();
  void end_look() noexcept;
  bool anything_to_wait_for() const noexcept { return io_waits_ + offloads_ > 0; }
  void wait_in_simulated_time();
  void arm_wake_up();
  boost::asio::io_context& begin_asio();
  /// Tells the parent that the loop turns, and what it is about to run.
  void tick(const FiberContext& next) noexcept;

  static thread_local FiberLoop* current_ [[gnu::tls_model("initial-exec")]];

  const Time time_;
  TimePoint simulated_now_{std::chrono::hours{1}};
  internal::StackPool stacks_;
  internal::TimerHeap timers_;
  internal::StackSwitch home_;
  FiberContext* ready_first_ = nullptr;
  FiberContext* ready_last_ = nullptr;
  FiberContext* oldest_ = nullptr;  // Of all that have not ended.
  FiberContext* newest_ = nullptr;
  std::size_t alive_ = 0;
  std::uint64_t turns_ = 0;
  bool draining_ = false;
  internal::WorkerSlot& slot_ = internal::own_slot();
  const FiberContext* awaited_ = nullptr;  // run() returns when it has ended.
  Phase phase_ = Phase::fibers;
  std::atomic<std::uint64_t> switches_{0};
  internal::LoopObserver* observer_ = nullptr;
  int budget_ = 0;  // Fibers that may still run in this turn.
  int completions_ = 0;
  bool look_ends_ = false;  // What is found from now on is queued.
  internal::SocketPoll sockets_;
  std::optional<internal::AsioSide> asio_;
  std::size_t io_waits_ = 0;  // Fibers that wait for descriptors.
  std::size_t offloads_ = 0;  // Outstanding.
  const std::size_t offload_threads_;
  std::optional<internal::OffloadPool> offload_pool_;
  internal::OverflowHandler overflow_handler_;
};

}  // namespace thane

// Here and inline for speed: see stack_switch.hpp.
[[gnu::always_inline]] inline void thane::internal::FiberContext::suspend(Wait& wait) noexcept {
  THANE_ASSERT(running_ == this);
  wait_ = &wait;
  if (state_ == State::running) {  // Not if it is in the ready queue already: yield().
    state_ = State::waiting;
  }
  FiberContext* next = loop.take_ready_for_direct_switch();
  if (next == nullptr) {
    machine_.switch_to(loop.home());
  } else {
    running_ = next;
    next->state_ = State::running;
    if (next != this) {
      machine_.switch_to(next->machine_);
    }
  }
  wait_ = nullptr;
}
