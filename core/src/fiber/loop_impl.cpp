#include "loop_impl.hpp"

#include <time.h>

#include <thane/assert.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

// Who runs when. A turn runs up to fibers_per_poll fibers in the order in which they became ready,
// then the deadlines that are due, then Asio: a look at the sockets if fibers are still ready, else
// io_context::run(), which sleeps. A completion resumes its fiber at once, on top of Asio's own
// stack frame: a busy server lives in run() for long, one epoll_wait for a batch of completions,
// and leaves it only for a fiber that became ready otherwise, or after completions_per_poll.
//
// All deadlines share one Asio timer. It is moved only when an earlier deadline than its own comes
// up; when its deadline was removed meanwhile it fires once for nothing, which is cheaper than
// moving it at each removal (a server sets and removes a timeout for each request).

namespace thane {

using internal::Timer;

thread_local FiberLoop* FiberLoop::Impl::current_ = nullptr;

FiberLoop::Impl::Impl(const Options& options)
    : time_(options.time),
      stacks_(options.stack_size),
      work_(boost::asio::make_work_guard(io_)),
      wake_up_(io_),
      offload_threads_(options.offload_threads) {}

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
    stop_asio();
  }
}

void FiberLoop::Impl::resume_from_asio(FiberContext& fiber) noexcept {
  if (++completions_ >= completions_per_poll) {
    stop_asio();
  }
  if (FiberContext::running() != nullptr || phase_ == Phase::fibers) {
    make_ready(fiber);  // Completed inside somebody else's call: that one keeps the thread.
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
    fire_due_timers();
    if (ready_first_ != nullptr) {
      run_asio(Phase::polling);
    } else if (time_ == Time::simulated) {
      wait_in_simulated_time();
    } else {
      run_asio(Phase::waiting);
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
  if (phase_ == Phase::waiting) {
    arm_wake_up();
  }
}

void FiberLoop::Impl::fire_due_timers() {
  if (timers_.empty()) {
    return;
  }
  const TimePoint time = now();
  while (!timers_.empty() && timers_.earliest() <= time) {
    Timer& timer = timers_.pop();
    timer.fire(timer);
  }
}

void FiberLoop::Impl::offload(internal::OffloadPool::Job& job) {
  if (!offload_pool_) {
    offload_pool_.emplace(io_, offload_threads_);
  }
  offload_pool_->start(job);
  ++offloads_;
}

void FiberLoop::Impl::run_asio(Phase phase) {
  if (phase == Phase::waiting) {
    arm_wake_up();
  }
  phase_ = phase;
  completions_ = 0;
  if (phase == Phase::waiting) {
    io_.run();
  } else {
    io_.poll();
  }
  phase_ = Phase::fibers;
  io_.restart();
}

void FiberLoop::Impl::stop_asio() noexcept {
  // From inside a handler this sets a flag; no system call.
  io_.stop();
}

void FiberLoop::Impl::arm_wake_up() {
  if (time_ == Time::simulated || timers_.empty() || timers_.earliest() >= wake_up_at_) {
    return;
  }
  wake_up_at_ = timers_.earliest();
  wake_up_.expires_at(wake_up_at_);
  wake_up_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {  // Else it was moved.
      wake_up_at_ = never;
      stop_asio();
    }
  });
}

void FiberLoop::Impl::wait_in_simulated_time() {
  phase_ = Phase::waiting;
  completions_ = 0;
  io_.poll();
  io_.restart();
  if (ready_first_ != nullptr || (awaited_ != nullptr && awaited_->done())) {
    phase_ = Phase::fibers;
    return;
  }
  if (!timers_.empty() && offloads_ == 0) {
    phase_ = Phase::fibers;
    simulated_now_ = std::max(simulated_now_, timers_.earliest());
    return;
  }
  // Without the guard run_one() tells whether anything is outstanding at all: if not, nothing can
  // ever happen again, and a test had better hear of it than hang.
  if (offloads_ == 0) {
    work_.reset();
  }
  const std::size_t handled = io_.run_one();
  io_.restart();
  work_.emplace(boost::asio::make_work_guard(io_));
  phase_ = Phase::fibers;
  if (handled == 0 && ready_first_ == nullptr && alive_ > 0) {
    throw std::logic_error("every fiber waits and nothing can wake one");
  }
}

}  // namespace thane
