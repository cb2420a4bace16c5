// Leaving one stack and going on on another: all that depends on machine, ABI and sanitizers.
#pragma once

#include <boost/context/detail/fcontext.hpp>

#include "sanitizers.hpp"
#include "stack_pool.hpp"

namespace thane::internal {

/// The machine state of one fiber while it does not run.
///
/// prepare() ──► enter() ⇄ leave() ──► finish() (the enter() then pending returns for the last
/// time)
///
/// A thread's exception state (what is caught, what is in flight) belongs to the fiber: it is
/// exchanged at each switch, so that fibers may suspend inside a catch block or a destructor.
class StackSwitch {
 public:
  using Function = void (*)(void*);

  StackSwitch() noexcept = default;
  ~StackSwitch();
  StackSwitch(const StackSwitch&) = delete;
  StackSwitch& operator=(const StackSwitch&) = delete;

  /// The first enter() will call function(argument) on `stack`; function must end in finish().
  void prepare(Stack stack, Function function, void* argument) noexcept;

  /// From the loop: runs the fiber until it leaves.
  void enter() noexcept;
  /// From the fiber: back to who entered it; returns at the next enter().
  void leave() noexcept;
  [[noreturn]] void finish() noexcept;

  /// From the loop, on a suspended fiber: calls function(argument) on top of its stack.
  void visit(Function function, void* argument) noexcept;

  /// An exception was in flight when the fiber left: it suspends in a destructor.
  [[nodiscard]] bool unwinding() const noexcept { return exceptions_.in_flight > 0; }

 private:
  struct ExceptionState {  // __cxa_eh_globals of the Itanium C++ ABI.
    void* caught = nullptr;
    unsigned int in_flight = 0;
  };

  static void start(boost::context::detail::transfer_t transfer);
  static ExceptionState& exception_state_of_thread() noexcept;
  void arrive() noexcept;
  void jump_in() noexcept;
  void jump_out() noexcept;

  boost::context::detail::fcontext_t inside_ = nullptr;
  boost::context::detail::fcontext_t outside_ = nullptr;
  ExceptionState exceptions_;
  Function function_ = nullptr;
  void* argument_ = nullptr;
  Function visitor_ = nullptr;
  void* visitor_argument_ = nullptr;
#if defined(THANE_ASAN)
  Stack stack_;
  const void* outside_bottom_ = nullptr;
  std::size_t outside_size_ = 0;
#endif
#if defined(THANE_TSAN)
  void* tsan_inside_ = nullptr;
  void* tsan_outside_ = nullptr;
#endif
#if defined(THANE_VALGRIND)
  unsigned valgrind_id_ = 0;
#endif
};

}  // namespace thane::internal
