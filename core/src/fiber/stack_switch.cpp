#include "stack_switch.hpp"

#include <cxxabi.h>

#include <utility>

// fcontext is in boost::context's detail namespace, unchanged for ten years but not promised; the
// layout of __cxa_eh_globals is the Itanium ABI's. Both are used in this file and nowhere else.
//
// TSan wants __tsan_switch_to_fiber to be the last thing before the jump, in a function that it
// neither instruments nor sees inlined into one.
#if defined(THANE_TSAN)
#define THANE_JUMP __attribute__((no_sanitize("thread"), noinline))
#else
#define THANE_JUMP
#endif

namespace thane::internal {

namespace fcontext = boost::context::detail;

StackSwitch::~StackSwitch() {
#if defined(THANE_TSAN)
  if (tsan_inside_ != nullptr) {
    __tsan_destroy_fiber(tsan_inside_);
  }
#endif
#if defined(THANE_VALGRIND)
  VALGRIND_STACK_DEREGISTER(valgrind_id_);
#endif
}

void StackSwitch::prepare(Stack stack, Function function, void* argument) noexcept {
  inside_ = fcontext::make_fcontext(stack.top(), stack.size, &StackSwitch::start);
  function_ = function;
  argument_ = argument;
#if defined(THANE_ASAN)
  stack_ = stack;
#endif
#if defined(THANE_TSAN)
  tsan_inside_ = __tsan_create_fiber(0);
#endif
#if defined(THANE_VALGRIND)
  valgrind_id_ = VALGRIND_STACK_REGISTER(stack.bottom, stack.top());
#endif
}

StackSwitch::ExceptionState& StackSwitch::exception_state_of_thread() noexcept {
  return *reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
}

void StackSwitch::enter() noexcept {
  ExceptionState& state = exception_state_of_thread();
  const ExceptionState outside = std::exchange(state, exceptions_);
#if defined(THANE_ASAN)
  void* fake_stack = nullptr;
  __sanitizer_start_switch_fiber(&fake_stack, stack_.bottom, stack_.size);
#endif
  jump_in();
#if defined(THANE_ASAN)
  __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#endif
  exceptions_ = std::exchange(state, outside);
}

void StackSwitch::leave() noexcept {
  for (;;) {
#if defined(THANE_ASAN)
    void* fake_stack = nullptr;
    __sanitizer_start_switch_fiber(&fake_stack, outside_bottom_, outside_size_);
#endif
    jump_out();
#if defined(THANE_ASAN)
    __sanitizer_finish_switch_fiber(fake_stack, &outside_bottom_, &outside_size_);
#endif
    if (visitor_ == nullptr) {
      return;
    }
    std::exchange(visitor_, nullptr)(visitor_argument_);
  }
}

void StackSwitch::visit(Function function, void* argument) noexcept {
  visitor_ = function;
  visitor_argument_ = argument;
  enter();
}

void StackSwitch::finish() noexcept {
#if defined(THANE_ASAN)
  __sanitizer_start_switch_fiber(nullptr, outside_bottom_, outside_size_);
#endif
  jump_out();
  __builtin_unreachable();
}

void StackSwitch::arrive() noexcept {
#if defined(THANE_ASAN)
  __sanitizer_finish_switch_fiber(nullptr, &outside_bottom_, &outside_size_);
#endif
}

THANE_JUMP void StackSwitch::start(fcontext::transfer_t transfer) {
  auto* self = static_cast<StackSwitch*>(transfer.data);
  self->outside_ = transfer.fctx;
  self->arrive();
  self->function_(self->argument_);
  __builtin_unreachable();
}

THANE_JUMP void StackSwitch::jump_in() noexcept {
#if defined(THANE_TSAN)
  tsan_outside_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(tsan_inside_, 0);
#endif
  inside_ = fcontext::jump_fcontext(inside_, this).fctx;
}

THANE_JUMP void StackSwitch::jump_out() noexcept {
#if defined(THANE_TSAN)
  __tsan_switch_to_fiber(tsan_outside_, 0);
#endif
  outside_ = fcontext::jump_fcontext(outside_, nullptr).fctx;
}

}  // namespace thane::internal
