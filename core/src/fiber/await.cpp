#include <thane/internal/await.hpp>

#include <thane/asio.hpp>
#include <thane/assert.hpp>

#include "loop_impl.hpp"

namespace thane {

boost::asio::io_context& io_context() {
  return FiberLoop::current().impl().io();
}

namespace internal {

struct AwaitBase::Waiting : Wait {
  explicit Waiting(FiberContext& waiter) noexcept
      : Wait{"io", &Waiting::interrupted}, fiber(waiter) {}

  static void interrupted(Wait& wait) noexcept {
    auto& self = static_cast<Waiting&>(wait);
    self.was_interrupted = true;
    self.fiber.cancellation().emit(boost::asio::cancellation_type::terminal);
  }

  FiberContext& fiber;
  bool completed = false;
  bool suspended = false;
  bool was_interrupted = false;
};

AwaitBase::Waiting& AwaitBase::waiting() noexcept {
  return *std::launder(reinterpret_cast<Waiting*>(waiting_));
}

AwaitBase::AwaitBase() {
  static_assert(sizeof(Waiting) <= sizeof(waiting_));
  FiberContext& fiber = FiberContext::self();
  fiber.check_interrupt();
  new (waiting_) Waiting{fiber};
}

AwaitBase::~AwaitBase() {
  waiting().fiber.cancellation().slot().clear();
}

boost::asio::io_context::executor_type AwaitBase::executor() const noexcept {
  return const_cast<AwaitBase*>(this)->waiting().fiber.loop.io().get_executor();
}

boost::asio::cancellation_slot AwaitBase::slot() noexcept {
  return waiting().fiber.cancellation().slot();
}

void* AwaitBase::allocate(std::size_t size) {
  if (!memory_used_ && size <= frame_memory) {
    memory_used_ = true;
    return memory_;
  }
  return ::operator new(size);
}

void AwaitBase::deallocate(void* memory) noexcept {
  if (memory == memory_) {
    memory_used_ = false;
  } else {
    ::operator delete(memory);
  }
}

void AwaitBase::completed() noexcept {
  Waiting& self = waiting();
  self.completed = true;
  if (self.suspended) {
    self.suspended = false;
    self.interrupt = nullptr;
    self.fiber.loop.resume_at_once(self.fiber);
  }
}

void AwaitBase::wait() {
  Waiting& self = waiting();
  if (!self.completed) {
    self.suspended = true;
    self.fiber.suspend(self);
  }
}

void AwaitBase::throw_if_interrupted() {
  if (waiting().was_interrupted) {
    waiting().fiber.check_interrupt();
  }
}

}  // namespace internal
}  // namespace thane
