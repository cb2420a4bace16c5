#include "fiber_context.hpp"

#include <thane/assert.hpp>

#include <atomic>
#include <thane/internal/release_unused_stack.hpp>
#include <utility>

#include "fiber_locals.hpp"
#include "loop_impl.hpp"
#include "timeout_scope.hpp"
#include "unhandled.hpp"

namespace thane::internal {

constinit thread_local FiberContext* FiberContext::running_ = nullptr;

namespace {

std::uint64_t next_id() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

FiberContext::FiberContext(FiberLoop::Impl& owner, std::function<void()> body,
                           std::string_view fiber_name)
    : loop(owner), id(next_id()), name(fiber_name), body_(std::move(body)) {
  stack_ = loop.stacks().take();
  machine_.prepare(stack_, &FiberContext::main, this);
}

FiberContext::~FiberContext() = default;

void FiberContext::release() noexcept {
  if (--references_ == 0) {
    if (error != nullptr && !observed_) {
      on_unhandled(id, name, error);  // Only now: until here somebody could have waited for it.
    }
    delete this;
  }
}

// Fibers switch to one another without the loop in between, so the one that comes back here need
// not be the one that was entered.
void FiberContext::resume() noexcept {
  THANE_ASSERT(running_ == nullptr);
  running_ = this;
  state_ = State::running;
  loop.home().switch_to(machine_);
  FiberContext* left = std::exchange(running_, nullptr);
  if (left->state_ == State::done) {
    left->finish();
  }
}

void FiberContext::main(void* self) noexcept {
  auto& fiber = *static_cast<FiberContext*>(self);
  fiber.run_body();
  fiber.state_ = State::done;
  fiber.machine_.finish(fiber.loop.home());
}

void FiberContext::run_body() noexcept {
  started_ = true;
  if (!killed_) {
    try {
      body_();
    } catch (const fiber_killed&) {
    } catch (...) {
      error = std::current_exception();
    }
  }
  ++masks;  // What is left are destructors: they may suspend, they may not be interrupted.
  body_ = nullptr;
  locals.reset();
}

// On the loop's stack: the fiber's own is free by now.
void FiberContext::finish() noexcept {
  loop.stacks().give_back(std::exchange(stack_, {}));
  loop.fiber_ended(*this);
  joiners_.wake_all();
  if (!links_.empty()) {
    const auto callbacks = std::exchange(links_, {});
    for (const auto& callback : callbacks) {
      add_reference();
      callback(handle(this));
      release();
    }
  }
  release();
}

bool FiberContext::interruptible() const noexcept {
  return masks == 0 && !machine_.unwinding();
}

void FiberContext::interrupt() noexcept {
  ++interrupts_;
  if (state_ == State::waiting && wait_->interrupt != nullptr && interruptible()) {
    // Once: what it does may make the fiber ready later, and by then it is no longer interruptible.
    std::exchange(wait_->interrupt, nullptr)(*wait_);
  }
}

void FiberContext::kill() noexcept {
  if (done() || killed_) {
    return;
  }
  killed_ = true;
  interrupt();
}

void FiberContext::timed_out() noexcept {
  interrupt();
}

void FiberContext::throw_interrupt() {
  // While an exception unwinds this stack another one would end the program: a destructor that
  // suspends is left to do so, as if below a Mask.
  if (masks > 0 || std::uncaught_exceptions() > 0) {
    return;
  }
  if (killed_) {
    throw fiber_killed{};
  }
  TimeoutScope* outermost = nullptr;
  for (TimeoutScope* scope = timeouts; scope != nullptr; scope = scope->outer()) {
    if (scope->pending()) {
      outermost = scope;
    }
  }
  if (outermost != nullptr) {
    outermost->raise();
  }
}

void FiberContext::join() {
  THANE_ASSERT(running_ != this);  // Would wait for ever.
  observed_ = true;
  self().check_interrupt();
  if (!done()) {
    joiners_.wait("fiber");
  }
  if (error != nullptr) {
    std::rethrow_exception(error);
  }
}

void FiberContext::link(std::function<void(const Fiber&)> callback) {
  observed_ = true;
  if (done()) {
    callback(handle(this));
  } else {
    links_.push_back(std::move(callback));
  }
}

bool FiberContext::visit(StackSwitch::Function function, void* argument) noexcept {
  if (!has_suspended()) {
    return false;
  }
  StackSwitch& here = running_ != nullptr ? running_->machine_ : loop.home();
  here.visit(machine_, function, argument);
  return true;
}

void FiberContext::release_unused_stack() noexcept {
  if (has_suspended()) {
    loop.stacks().release_below(stack_, machine_.lowest());
  }
}

void release_unused_stack(const Fiber& fiber) noexcept {
  if (fiber) {
    FiberContext::of(fiber).release_unused_stack();
  }
}

}  // namespace thane::internal
