#include <thane/fiber.hpp>

#include <thane/assert.hpp>

#include "fiber_context.hpp"
#include "loop_impl.hpp"
#include "timer_heap.hpp"

namespace thane {

using internal::FiberContext;
using internal::Timer;
using internal::Wait;

Fiber::Fiber(FiberContext* context) noexcept : context_(context) {
  if (context_ != nullptr) {
    context_->add_reference();
  }
}
Fiber::Fiber(const Fiber& other) noexcept : Fiber(other.context_) {}
Fiber::~Fiber() {
  if (context_ != nullptr) {
    context_->release();
  }
}

std::uint64_t Fiber::id() const noexcept {
  return context_->id;
}
const std::string& Fiber::name() const noexcept {
  return context_->name;
}
bool Fiber::done() const noexcept {
  return context_->done();
}
std::exception_ptr Fiber::error() const noexcept {
  return context_->error;
}
void Fiber::kill() const noexcept {
  context_->kill();
}
void Fiber::wait() const {
  context_->join();
}
void Fiber::link(std::function<void(const Fiber&)> callback) const {
  context_->link(std::move(callback));
}

namespace this_fiber {

namespace {

struct Sleep : Wait, Timer {
  Sleep(FiberContext& sleeper, TimePoint until) noexcept
      : Wait{"sleeping", &Sleep::interrupted, until}, Timer(&Sleep::over), fiber(sleeper) {}

  static void interrupted(Wait& wait) noexcept {
    auto& self = static_cast<Sleep&>(wait);
    self.fiber.loop.timers().remove(self);
    self.was_interrupted = true;
    self.fiber.loop.make_ready(self.fiber);
  }
  static void over(Timer& timer) noexcept {
    auto& self = static_cast<Sleep&>(timer);
    self.fiber.loop.make_ready(self.fiber);
  }

  FiberContext& fiber;
  bool was_interrupted = false;
};

}  // namespace

Fiber current() noexcept {
  return FiberContext::handle(FiberContext::running());
}

void yield() {
  FiberContext& self = FiberContext::self();
  self.check_interrupt();
  Wait ready{"ready"};
  self.loop.make_ready(self);
  self.suspend(ready);
  self.check_interrupt();
}

void sleep_for(Duration duration) {
  sleep_until(internal::deadline_from_now(duration));
}

void sleep_until(TimePoint when) {
  FiberContext& self = FiberContext::self();
  self.check_interrupt();
  Sleep sleep{self, when};
  if (when != never) {
    self.loop.add_timer(sleep, when);
  }
  self.suspend(sleep);
  if (sleep.was_interrupted) {
    self.check_interrupt();
  }
}

bool killed() noexcept {
  return FiberContext::self().killed();
}

void set_name(std::string name) {
  FiberContext::self().name = std::move(name);
}

Mask::Mask() noexcept {
  ++FiberContext::self().masks;
}
Mask::~Mask() {
  --FiberContext::self().masks;
}

}  // namespace this_fiber
}  // namespace thane
