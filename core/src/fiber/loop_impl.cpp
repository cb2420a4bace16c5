#include "loop_impl.hpp"

#include <time.h>

#include <thane/assert.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

// Who runs when. A turn runs up to fibers_per_poll fibers in the order in which they became ready,
// then the deadlines that are due, then looks at the sockets: a glance if fibers are still ready,
// else a sleep until the next deadline. An event resumes its fiber at once: a busy server lives
// in such sleeps, one system call for a batch of events.
//
// The sockets are an epoll set of our own, and Asio is not at work at all: it costs a system call
// more for each wait, and wakes all processes that share a listener. A program that asks for the
// io_context has it from then on, and the loop sleeps in io_context::run(), with the epoll set as
// one descriptor in it. Nobody can have posted anything before having asked.

namespace thane {

using internal::Timer;

thread_local FiberLoop* FiberLoop::Impl::current_ = nullptr;

FiberLoop::Impl::Impl(const Options& options)
    : time_(options.time), stacks_(options.stack_size), offload_threads_(options.offload_threads) {}

FiberLoop::Impl::~Impl() {
  THANE_ASSERT(alive_ == 0);
}

internal::FiberContext& FiberLoop::Impl::spawn(std::function<void()> body, std::string_view name) {
  auto* fiber = new FiberContext(*this, std::move(body), name);
  fiber->add_reference();  // Ours, until it has ended.
  fiber->older = newest_;
  (newest_ != nullptr ? newest_->newer : oldest_) = fiber;
  newest_ = fiber;
  ++alive_;
  if (draining_) {
    fiber->kill();
  }
  make_ready(*fiber);
  return *fiber;
}

void FiberLoop::Impl::fiber_ended(FiberContext& fiber) noexcept {
  (fiber.older != nullptr ? fiber.older->newer : oldest_) = fiber.newer;
  (fiber.newer != nullptr ? fiber.newer->older : newest_) = fiber.older;
  --alive_;
  if (phase_ != Phase::fibers && (&fiber == awaited_ || draining_)) {
    end_look();
  }
}

void FiberLoop::Impl::resume_at_once(FiberContext& fiber) noexcept {
  if (++completions_ >= completions_per_poll && asio_) {
    asio_->stop();
  }
  // Completed inside somebody else's call: that one keeps the thread.
  if (FiberContext::running() != nullptr || phase_ == Phase::fibers || look_ends_) {
    make_ready(fiber);
  } else {
    count_switch();
    tick(fiber);
    fiber.resume();
    fibers_ended();
  }
}

void FiberLoop::Impl::tick(const FiberContext& next) noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);  // 5 ns; the exact clock takes 25.
  const std::int64_t now = time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
  slot_.tick.store(now, std::memory_order_relaxed);
  slot_.set_fiber(next.name);
  if (observer_ != nullptr) {
    observer_->fibers_begin(now);
  }
}

void FiberLoop::Impl::run_until_done(const FiberContext& fiber) {
  THANE_ASSERT(FiberContext::running() == nullptr);  // A fiber may not run its own loop.
  const auto* outer = std::exchange(awaited_, &fiber);
  turn([&] { return fiber.done(); });
  awaited_ = outer;
}

void FiberLoop::Impl::kill_all_and_drain() {
  draining_ = true;
  for (FiberContext* fiber = oldest_; fiber != nullptr; fiber = fiber->newer) {
    fiber->kill();
  }
  turn([&] { return alive_ == 0; });
}

template <class Done>
void FiberLoop::Impl::turn(const Done& done) {
  while (!done()) {
    ++turns_;
    run_ready(done);
    if (done()) {
      return;
    }
    const std::optional<Duration> left = fire_due_timers();
    if (ready_first_ != nullptr) {
      look_at_sockets(Phase::polling, Duration::zero());
    } else if (time_ == Time::simulated) {
      wait_in_simulated_time();
    } else {
      look_at_sockets(Phase::waiting, left);
    }
  }
}

template <class Done>
void FiberLoop::Impl::run_ready(const Done& done) {
  budget_ = fibers_per_poll;
  while (budget_ > 0 && !done()) {
    FiberContext* fiber = take_ready();
    if (fiber == nullptr) {
      break;
    }
    if (budget_ == fibers_per_poll - 1) {
      tick(*fiber);
    }
    fiber->resume();  // And those that it and its successors switch to.
  }
  if (budget_ < fibers_per_poll) {
    fibers_ended();
  }
  budget_ = 0;
}

void FiberLoop::Impl::add_timer(Timer& timer, TimePoint when) {
  timers_.add(timer, when);
  if (phase_ == Phase::waiting && asio_) {
    arm_wake_up();
  }
}

// Returns how long it is to the next deadline, if there is one.
std::optional<Duration> FiberLoop::Impl::fire_due_timers() {
  if (timers_.empty()) {
    return std::nullopt;
  }
  const TimePoint time = now();
  while (!timers_.empty() && timers_.earliest() <= time) {
    Timer& timer = timers_.pop();
    timer.fire(timer);
  }
  return timers_.empty() ? std::nullopt : std::optional{timers_.earliest() - time};
}

void FiberLoop::Impl::offload(internal::OffloadPool::Job& job) {
  if (!offload_pool_) {
    offload_pool_.emplace(sockets_, offload_threads_);
  }
  offload_pool_->start(job);
  ++offloads_;
}

void FiberLoop::Impl::look_at_sockets(Phase phase, std::optional<Duration> limit) {
  phase_ = phase;
  completions_ = 0;
  look_ends_ = false;
  if (asio_) {
    look_through_asio(limit);
  } else {
    sockets_.wait(limit);
  }
  phase_ = Phase::fibers;
}

void FiberLoop::Impl::look_through_asio(std::optional<Duration> limit) {
  watch_sockets_in_asio();
  if (limit == Duration::zero()) {
    asio_->poll();
  } else {
    arm_wake_up();
    asio_->run();
  }
}

// In simulated time Asio is asked whether anything is outstanding: sockets are if somebody waits.
void FiberLoop::Impl::watch_sockets_in_asio() {
  if (time_ == Time::real || anything_to_wait_for()) {
    asio_->watch_sockets();
  }
}

// The loop is wanted elsewhere.
void FiberLoop::Impl::end_look() noexcept {
  look_ends_ = true;
  if (asio_) {
    asio_->stop();
  }
}

void FiberLoop::Impl::arm_wake_up() {
  if (time_ == Time::real && !timers_.empty()) {
    asio_->wake_at(timers_.earliest());
  }
}

boost::asio::io_context& FiberLoop::Impl::begin_asio() {
  const auto look = [this] {
    sockets_.wait(Duration::zero());
    sockets_.before_sleep();
    watch_sockets_in_asio();
  };
  asio_.emplace(sockets_.fd(), look, [this] { asio_->stop(); });
  return asio_->io();
}

// Events first; when there are none time jumps to the next deadline. When there is none of those
// either it waits for what others do, if anything is outstanding: if not, nothing can ever happen
// again, and a test had better hear of it than hang.
void FiberLoop::Impl::wait_in_simulated_time() {
  look_at_sockets(Phase::waiting, Duration::zero());
  if (ready_first_ != nullptr || (awaited_ != nullptr && awaited_->done())) {
    return;
  }
  if (!timers_.empty() && offloads_ == 0) {
    simulated_now_ = std::max(simulated_now_, timers_.earliest());
    return;
  }
  bool possible = anything_to_wait_for();
  if (asio_) {
    watch_sockets_in_asio();
    phase_ = Phase::waiting;
    possible = asio_->run_one_if_any();
    phase_ = Phase::fibers;
  } else if (possible) {
    look_at_sockets(Phase::waiting, std::nullopt);
  }
  if (!possible && ready_first_ == nullptr && alive_ > 0) {
    throw std::logic_error("every fiber waits and nothing can wake one");
  }
}

}  // namespace thane
