#include "stack_switch.hpp"

#include <array>
#include <cstdint>
#include <utility>

namespace thane::internal {

namespace fcontext = boost::context::detail;

namespace {

// Stacks lie a whole number of pages apart, so their tops would all fall into the same few sets of
// the first-level cache and evict one another: each begins up to 2 KiB lower, by its place.
Stack staggered(Stack stack) noexcept {
  constexpr std::size_t step = 128;
  constexpr std::size_t steps = 16;
  const auto page = reinterpret_cast<std::uintptr_t>(stack.bottom) / 4096;
  return {stack.bottom, stack.size - page % steps * step};
}

}  // namespace

StackSwitch::~StackSwitch() {
#if defined(THANE_TSAN)
  if (tsan_fiber_owned_) {
    __tsan_destroy_fiber(tsan_fiber_);
  }
#endif
#if defined(THANE_VALGRIND)
  if (function_ != nullptr) {
    VALGRIND_STACK_DEREGISTER(valgrind_id_);
  }
#endif
}

void StackSwitch::prepare(Stack stack, Function function, void* argument) noexcept {
  const Stack used = staggered(stack);
  context_ = fcontext::make_fcontext(used.top(), used.size, &StackSwitch::start);
  function_ = function;
  argument_ = argument;
#if defined(THANE_ASAN)
  bottom_ = stack.bottom;
  size_ = stack.size;
#endif
#if defined(THANE_TSAN)
  tsan_fiber_ = __tsan_create_fiber(0);
  tsan_fiber_owned_ = true;
#endif
#if defined(THANE_VALGRIND)
  valgrind_id_ = VALGRIND_STACK_REGISTER(stack.bottom, stack.top());
#endif
}

void StackSwitch::visit(StackSwitch& suspended, Function function, void* argument) noexcept {
  suspended.visitor_ = function;
  suspended.visitor_argument_ = argument;
  suspended.visitor_home_ = this;
  switch_to(suspended);
}

// The words that jump_fcontext leaves on a stack, lowest first: jump_x86_64_sysv_elf_gas.S.
bool StackSwitch::registers([[maybe_unused]] ucontext_t& registers) const noexcept {
#if defined(__x86_64__)
  constexpr std::array saved{REG_R12, REG_R13, REG_R14, REG_R15, REG_RBX, REG_RBP, REG_RIP};
  constexpr std::size_t before = 2;  // State of the floating point units; a guard.
  const auto* const words = static_cast<const greg_t*>(context_);
  auto& all = registers.uc_mcontext.gregs;
  for (std::size_t i = 0; i < saved.size(); ++i) {
    all[saved[i]] = words[before + i];
  }
  all[REG_RSP] = reinterpret_cast<greg_t>(words + before + saved.size());
  return true;
#else
  return false;
#endif
}

void StackSwitch::finish(StackSwitch& target) noexcept {
  exchange_exceptions(target);
#if defined(THANE_ASAN)
  target.came_from_ = this;
  __sanitizer_start_switch_fiber(nullptr, target.bottom_, target.size_);
#endif
  jump(target);
  __builtin_unreachable();
}

void StackSwitch::begin(StackSwitch& self, [[maybe_unused]] StackSwitch& from) noexcept {
#if defined(THANE_ASAN)
  __sanitizer_finish_switch_fiber(nullptr, &from.bottom_, &from.size_);
#endif
  self.function_(self.argument_);
}

#if defined(THANE_TSAN)
__attribute__((no_sanitize("thread")))
#endif
void StackSwitch::start(fcontext::transfer_t transfer) {
  const auto [from, to] = *static_cast<Handover*>(transfer.data);
  from->context_ = transfer.fctx;
  begin(*to, *from);
  __builtin_unreachable();
}

}  // namespace thane::internal
