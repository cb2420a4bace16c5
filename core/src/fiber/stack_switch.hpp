// Leaving one stack and going on on another: all that depends on machine, ABI and sanitizers.
#pragma once

#include <cxxabi.h>
#include <ucontext.h>

#include <boost/context/detail/fcontext.hpp>
#include <utility>

#include "sanitizers.hpp"
#include "stack_pool.hpp"

// fcontext is in boost::context's detail namespace, unchanged for ten years but not promised; the
// layout of __cxa_eh_globals is the Itanium ABI's. Both are used in this file and its source alone.
//
// jump_fcontext leaves by a jump, not by a return, so the processor's prediction of returns is off
// by one afterwards, and each `ret` from there on costs a misprediction: 10 ns. Hence all between a
// fiber's call and the jump is inline.
//
// TSan wants __tsan_switch_to_fiber to be the last thing before the jump, in a function that it
// neither instruments nor sees inlined into one.
#if defined(THANE_TSAN)
#define THANE_JUMP __attribute__((no_sanitize("thread"), noinline))
#else
#define THANE_JUMP [[gnu::always_inline]]
#endif

namespace thane::internal {

/// The machine state of one stack while it does not run: of a fiber's, after prepare(), or of the
/// loop's own, which needs none.
///
/// A thread's exception state (what is caught, what is in flight) belongs to the stack: it is
/// exchanged at each switch, so that fibers may suspend inside a catch block or a destructor.
class StackSwitch {
 public:
  using Function = void (*)(void*);

  StackSwitch() noexcept = default;
  ~StackSwitch();
  StackSwitch(const StackSwitch&) = delete;
  StackSwitch& operator=(const StackSwitch&) = delete;

  /// The first switch to it will call function(argument) on `stack`; it must end in finish().
  void prepare(Stack stack, Function function, void* argument) noexcept;

  /// From the stack that runs, `*this`, to `target`; returns when something switches back.
  void switch_to(StackSwitch& target) noexcept;
  /// The same for the last time.
  [[noreturn]] void finish(StackSwitch& target) noexcept;

  /// From the stack that runs, `*this`: calls function(argument) on top of a suspended one.
  void visit(StackSwitch& suspended, Function function, void* argument) noexcept;

  /// The lowest octet in use of a stack that was left: context_ points to the saved registers.
  [[nodiscard]] const char* lowest() const noexcept { return static_cast<const char*>(context_); }

  /// What the processor's registers were when this stack was left, as far as following the stack
  /// takes them; false: not known for this machine.
  [[nodiscard]] bool registers(ucontext_t& registers) const noexcept;

  /// An exception was in flight when this stack was left: it suspends in a destructor.
  [[nodiscard]] bool unwinding() const noexcept { return exceptions_.in_flight > 0; }

 private:
  struct ExceptionState {  // __cxa_eh_globals of the Itanium C++ ABI.
    void* caught = nullptr;
    unsigned int in_flight = 0;
  };

  struct Handover {  // In a jump; whoever arrives stores the context that was left in `from`.
    StackSwitch* from;
    StackSwitch* to;
  };

  static ExceptionState& exceptions_of_thread() noexcept;
  static void start(boost::context::detail::transfer_t transfer);
  static void begin(StackSwitch& self, StackSwitch& from) noexcept;
  void exchange_exceptions(StackSwitch& target) noexcept;
  void jump(StackSwitch& target) noexcept;

  boost::context::detail::fcontext_t context_ = nullptr;
  ExceptionState exceptions_;
  Function visitor_ = nullptr;
  void* visitor_argument_ = nullptr;
  StackSwitch* visitor_home_ = nullptr;
  Function function_ = nullptr;
  void* argument_ = nullptr;
#if defined(THANE_ASAN)
  const void* bottom_ = nullptr;  // Of the loop's own stack: told by the first that leaves it.
  std::size_t size_ = 0;
  StackSwitch* came_from_ = nullptr;
#endif
#if defined(THANE_TSAN)
  void* tsan_fiber_ = nullptr;
  bool tsan_fiber_owned_ = false;
#endif
#if defined(THANE_VALGRIND)
  unsigned valgrind_id_ = 0;
#endif
};

// Found once for each thread: to be asked for it at each switch costs as much as the switch.
inline StackSwitch::ExceptionState& StackSwitch::exceptions_of_thread() noexcept {
  static constinit thread_local ExceptionState* known [[gnu::tls_model("initial-exec")]] = nullptr;
  if (known == nullptr) [[unlikely]] {
    known = reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
  }
  return *known;
}

inline void StackSwitch::exchange_exceptions(StackSwitch& target) noexcept {
  auto& of_thread = exceptions_of_thread();
  exceptions_ = of_thread;
  of_thread = target.exceptions_;
}

THANE_JUMP inline void StackSwitch::jump(StackSwitch& target) noexcept {
  Handover handover{this, &target};
#if defined(THANE_TSAN)
  if (!tsan_fiber_owned_) {
    tsan_fiber_ = __tsan_get_current_fiber();
  }
  __tsan_switch_to_fiber(target.tsan_fiber_, 0);
#endif
  const auto transfer = boost::context::detail::jump_fcontext(target.context_, &handover);
  static_cast<Handover*>(transfer.data)->from->context_ = transfer.fctx;
}

[[gnu::always_inline]] inline void StackSwitch::switch_to(StackSwitch& target) noexcept {
  for (StackSwitch* to = &target;;) {
    exchange_exceptions(*to);
#if defined(THANE_ASAN)
    void* fake_stack = nullptr;
    to->came_from_ = this;
    __sanitizer_start_switch_fiber(&fake_stack, to->bottom_, to->size_);
#endif
    jump(*to);
#if defined(THANE_ASAN)
    __sanitizer_finish_switch_fiber(fake_stack, &came_from_->bottom_, &came_from_->size_);
#endif
    if (visitor_ == nullptr) [[likely]] {
      return;
    }
    std::exchange(visitor_, nullptr)(visitor_argument_);
    to = visitor_home_;
  }
}

}  // namespace thane::internal
