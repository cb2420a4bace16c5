#include "backtrace.hpp"

#include <unwind.h>

#include <algorithm>
#include <array>
#include <optional>

#include "diagnostics/fault_guard.hpp"
#include "diagnostics/format_into.hpp"

// _Unwind_Backtrace of libgcc 12 on glibc 2.35 or later finds its tables without a lock. It follows
// a stack through the frame of a signal handler by the registers that the kernel has saved there;
// to follow the stack of a fiber that is suspended, those are exchanged for the fiber's while it
// looks.

namespace thane::internal {

struct Backtrace::Walk {
  Backtrace& backtrace;
  std::optional<std::uintptr_t> begin;  // What is met before this address are the handler's own.
  std::size_t depth = 0;

  static _Unwind_Reason_Code on_frame(_Unwind_Context* context, void* argument) {
    auto& self = *static_cast<Walk*>(argument);
    int interrupted = 0;
    const std::uintptr_t address = ::_Unwind_GetIPInfo(context, &interrupted);
    if (self.begin && address != *self.begin) {
      return _URC_NO_REASON;
    }
    self.begin.reset();
    if (address == 0 || self.backtrace.size_ == max_frames || ++self.depth > max_depth) {
      return _URC_END_OF_STACK;
    }
    // A frame goes on after its call, which may be the last instruction of its function.
    self.backtrace.add(interrupted != 0 ? address : address - 1);
    return _URC_NO_REASON;
  }

  // More than a stack has; one that leads in a circle must end somewhere.
  static constexpr std::size_t max_depth = 100'000;
};

namespace {

std::optional<std::uintptr_t> program_counter([[maybe_unused]] const ucontext_t& context) noexcept {
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return context.uc_mcontext.pc;
#else
  return std::nullopt;
#endif
}

// What was called is no function; who called it is known all the same.
void go_to_caller([[maybe_unused]] ucontext_t& context) noexcept {
#if defined(__x86_64__)
  auto& registers = context.uc_mcontext.gregs;
  registers[REG_RIP] = *reinterpret_cast<const greg_t*>(registers[REG_RSP]);
  registers[REG_RSP] += static_cast<greg_t>(sizeof(greg_t));
#elif defined(__aarch64__)
  context.uc_mcontext.pc = context.uc_mcontext.regs[30];
#endif
}

bool belongs_to_core(std::string_view frame) noexcept {
  constexpr std::array<std::string_view, 4> names{
      "thane::internal::Backtrace::", "thane::internal::StackSwitch::",
      "thane::internal::FiberContext::", "make_fcontext + "};
  return std::ranges::any_of(names, [frame](auto name) { return frame.starts_with(name); });
}

}  // namespace

void Backtrace::capture(void* backtrace) noexcept {
  auto& self = *static_cast<Backtrace*>(backtrace);
  self.size_ = 0;
  self.walk(std::nullopt);
}

void Backtrace::capture_interrupted(const ucontext_t& interrupted) noexcept {
  struct Call {
    Backtrace& self;
    std::optional<std::uintptr_t> begin;
  } call{*this, program_counter(interrupted)};
  size_ = 0;
  run_guarded(
      [](void* argument) {
        const auto& [self, begin] = *static_cast<Call*>(argument);
        self.walk(begin);
      },
      &call);
}

void Backtrace::capture_crashed(ucontext_t& interrupted, const void* fault) noexcept {
  if (program_counter(interrupted) != reinterpret_cast<std::uintptr_t>(fault)) {
    capture_interrupted(interrupted);
    return;
  }
  const mcontext_t before = interrupted.uc_mcontext;
  if (run_guarded([](void* context) { go_to_caller(*static_cast<ucontext_t*>(context)); },
                  &interrupted)) {
    capture_interrupted(interrupted);
  }
  interrupted.uc_mcontext = before;
}

void Backtrace::capture_suspended(ucontext_t& interrupted, const StackSwitch& suspended) noexcept {
  const mcontext_t before = interrupted.uc_mcontext;
  if (suspended.registers(interrupted)) {
    capture_interrupted(interrupted);
  } else {
    size_ = 0;
  }
  interrupted.uc_mcontext = before;
}

void Backtrace::walk(std::optional<std::uintptr_t> begin) noexcept {
  Walk walk{*this, begin};
  ::_Unwind_Backtrace(&Walk::on_frame, &walk);
}

void Backtrace::add(std::uintptr_t address) noexcept {
  if (size_ > 0 && frames_[size_ - 1].address == address) {
    ++frames_[size_ - 1].times;
  } else {
    frames_[size_++] = {address, 1};
  }
}

std::string_view describe_frame(const Backtrace::Frame& frame, Symbolizer& symbolizer,
                                std::span<char> out) noexcept {
  std::array<char, 500> place;
  const std::string_view shown = symbolizer.describe(frame.address, place);
  if (belongs_to_core(shown)) {
    return {};
  }
  return frame.times == 1 ? format_into(out, "    at {}", shown)
                          : format_into(out, "    at {}, {} times", shown, frame.times);
}

std::string to_text(const Backtrace& backtrace) {
  std::string text;
  std::array<char, 600> line;
  Symbolizer symbolizer;
  for (const Backtrace::Frame& frame : backtrace.frames()) {
    if (const auto shown = describe_frame(frame, symbolizer, line); !shown.empty()) {
      text.append(shown).append("\n");
    }
  }
  return text;
}

}  // namespace thane::internal
