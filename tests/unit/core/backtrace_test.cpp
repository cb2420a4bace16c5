// Stacks as seen from a signal handler: that of what it interrupted, and those of suspended fibers.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/mman.h>

#include <array>
#include <functional>
#include <string>

#include <thane/event.hpp>
#include <thane/fiber_loop.hpp>

#include "diagnostics/alternate_stack.hpp"
#include "diagnostics/fault_guard.hpp"
#include "fiber/backtrace.hpp"
#include "fiber/fiber_context.hpp"

using thane::Fiber;
using thane::FiberLoop;
using thane::internal::AlternateStack;
using thane::internal::Backtrace;
using thane::internal::FiberContext;

namespace {

// What the handler does, on its own stack.
std::function<void(const siginfo_t& info, ucontext_t& interrupted)> in_handler;

void on_signal(int, siginfo_t* info, void* interrupted) {
  thane::internal::leave_guarded();
  in_handler(*info, *static_cast<ucontext_t*>(interrupted));
}

class Handler {
 public:
  explicit Handler(int number) : number_(number) {
    struct sigaction action {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    REQUIRE(::sigaction(number_, &action, &before_) == 0);
  }
  ~Handler() { ::sigaction(number_, &before_, nullptr); }
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;

 private:
  AlternateStack stack_;
  int number_;
  struct sigaction before_ {};
};

[[gnu::noipa]] void raises(int number) {
  ::raise(number);
  asm volatile("");  // No tail call: the frame has to stay.
}
[[gnu::noipa]] void calls_what_raises(int number) {
  raises(number);
  asm volatile("");
}
[[gnu::noipa]] int recurses(int depth, const std::function<void()>& at_the_bottom) {
  if (depth == 0) {
    at_the_bottom();
    return 0;
  }
  const int result = recurses(depth - 1, at_the_bottom);
  asm volatile("");
  return result + 1;
}
[[maybe_unused, gnu::noipa]] void waits_for_the_event(thane::Event& event) {
  event.wait();
  asm volatile("");
}
[[maybe_unused, gnu::noipa]] int calls_nothing(int (*function)()) {
  const int result = function();
  asm volatile("");
  return result + 1;
}

std::size_t position(const std::string& text, const std::string& what) {
  CAPTURE(text);
  CAPTURE(what);
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return at;
}

TEST_CASE("a handler sees the stack of the fiber that it interrupted, without its own frames") {
  Backtrace backtrace;
  in_handler = [&](const siginfo_t&, ucontext_t& interrupted) {
    backtrace.capture_interrupted(interrupted);
  };
  FiberLoop loop;
  loop.run([] {
    const Handler handler{SIGUSR1};
    calls_what_raises(SIGUSR1);
  });
  const std::string text = to_text(backtrace);
  const auto inner = position(text, "    at (anonymous namespace)::raises + 0x");
  CHECK(inner < position(text, "    at (anonymous namespace)::calls_what_raises + 0x"));
  CHECK(text.find("on_signal") == std::string::npos);
  CHECK(text.find("thane::internal::FiberContext::") == std::string::npos);
  CHECK(text.find("(unit.core+0x") != std::string::npos);
}

TEST_CASE("recursion is one line that tells how deep") {
  std::string text;
  recurses(500, [&] {
    Backtrace backtrace;
    Backtrace::capture(&backtrace);
    text = to_text(backtrace);
  });
  const auto at = position(text, "(anonymous namespace)::recurses + 0x");
  CHECK(text.find(" times\n", at) < text.find('\n', text.find('\n', at) + 1));
  CHECK(position(text, "main + 0x") > at);
}

#if defined(__x86_64__)
TEST_CASE("a handler sees the stacks of suspended fibers, which go on as if nobody had looked") {
  thane::Event event;
  Backtrace suspended;
  Backtrace interrupted_one;
  FiberContext* waiting = nullptr;
  in_handler = [&](const siginfo_t&, ucontext_t& interrupted) {
    suspended.capture_suspended(interrupted, waiting->machine());
    interrupted_one.capture_interrupted(interrupted);
  };
  FiberLoop loop;
  loop.run([&] {
    const Fiber waiter = loop.spawn([&] {
      waiting = FiberContext::running();
      waits_for_the_event(event);
    });
    thane::this_fiber::yield();
    const Handler handler{SIGUSR1};
    calls_what_raises(SIGUSR1);
    event.set();
    waiter.wait();
  });
  position(to_text(suspended), "    at (anonymous namespace)::waits_for_the_event + 0x");
  position(to_text(interrupted_one), "    at (anonymous namespace)::calls_what_raises + 0x");
}

TEST_CASE("a fiber's stack that is gone is a stack without frames") {
  Backtrace backtrace;
  const Handler on_fault{SIGSEGV};
  const Handler handler{SIGUSR1};
  in_handler = [&](const siginfo_t&, ucontext_t& interrupted) {
    const mcontext_t before = interrupted.uc_mcontext;
    auto& registers = interrupted.uc_mcontext.gregs;
    registers[REG_RSP] = 64;
    registers[REG_RBP] = 64;
    backtrace.capture_interrupted(interrupted);
    interrupted.uc_mcontext = before;
  };
  calls_what_raises(SIGUSR1);
  CHECK(backtrace.frames().size() < 3);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("a call of what is no function shows who called it") {
  Backtrace backtrace;
  std::uintptr_t back = 0;
  in_handler = [&](const siginfo_t& info, ucontext_t& interrupted) {
    backtrace.capture_crashed(interrupted, info.si_addr);
    auto& registers = interrupted.uc_mcontext.gregs;  // Returns, as the function would have.
    back = *reinterpret_cast<std::uintptr_t*>(registers[REG_RSP]);
    registers[REG_RIP] = static_cast<greg_t>(back);
    registers[REG_RSP] += 8;
    registers[REG_RAX] = 41;
  };
  const Handler handler{SIGSEGV};
  int (*volatile nothing)() = nullptr;
  CHECK(calls_nothing(nothing) == 42);
  CHECK(to_text(backtrace).find("    at (anonymous namespace)::calls_nothing + 0x") == 0);
}
#endif
#endif

TEST_CASE("reading memory that is not there is given up, again and again") {
  const Handler handler{SIGSEGV};
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(thane::internal::run_guarded(
        [](void*) {
          volatile std::uintptr_t address = 64;
          *reinterpret_cast<volatile char*>(address) = 1;
        },
        nullptr));
  }
  bool done = false;
  CHECK(thane::internal::run_guarded([](void* flag) { *static_cast<bool*>(flag) = true; }, &done));
  CHECK(done);
}

}  // namespace
