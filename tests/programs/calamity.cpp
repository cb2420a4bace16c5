// Services that crash, hang and stall: one calamity a word, in a fiber called "calamity".
//
//   calamity WHAT WORKERS [options of the launcher]
//
//   spin       computes for 150 ms, rests for a second, and so on, each time for longer
//   spin_on    computes for ever, with 300 fibers that wait for it
//   block      waits 300 ms in a system call, then goes on
//   block_on   waits for ever in a system call
//   offload_on waits for ever on another thread
//   locked     computes for ever, with the lock of malloc held
//   null, call_null, ill, fpe, abort, uncaught, noexcept, overflow, thread
//              end the process so
//   twice      crashes with a stack for handlers that is not there
//   handled    has a handler of its own for SIGSEGV, then crashes
//   busy       for ever computes 5 ms, waits 1 ms in a system call, and gives way
//
// Who calls malloc in a signal handler ends with a line that says so.
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <thane/event.hpp>
#include <thane/launcher.hpp>
#include <thane/log.hpp>
#include <thane/offload.hpp>
#include <thane/service.hpp>

// --- In front of the C library's malloc.

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
extern "C" {
void* __libc_malloc(std::size_t size);                // NOLINT
void* __libc_calloc(std::size_t count, std::size_t);  // NOLINT
void* __libc_realloc(void* memory, std::size_t);      // NOLINT
void __libc_free(void* memory);                       // NOLINT
}
#define THANE_OWN_MALLOC 1
#endif

namespace {

volatile bool malloc_locked = false;

[[maybe_unused]] void check_malloc() {
  stack_t stack{};
  ::sigaltstack(nullptr, &stack);
  if ((stack.ss_flags & SS_ONSTACK) != 0) {
    constexpr std::string_view line = "malloc in a signal handler\n";
    (void)!::write(STDERR_FILENO, line.data(), line.size());
    ::_exit(99);
  }
  while (malloc_locked) {
  }
}

}  // namespace

#if defined(THANE_OWN_MALLOC)
extern "C" {
void* malloc(std::size_t size) {
  check_malloc();
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  check_malloc();
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) {
  check_malloc();
  return __libc_realloc(memory, size);
}
void free(void* memory) {
  check_malloc();
  __libc_free(memory);
}
}
#endif

namespace {

using namespace std::chrono_literals;

std::chrono::nanoseconds cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

// Each in a frame of its own, which no tail call takes away.
[[gnu::noipa]] void computes(std::chrono::nanoseconds duration) {
  const auto begin = cpu_time();
  while (cpu_time() - begin < duration) {
    for (int i = 0; i < 10'000; ++i) asm volatile("");
  }
}
[[gnu::noipa]] void spins(bool lock) {
  thane::log::info("calamity begins");
  malloc_locked = lock;
  for (;;) asm volatile("");
}
[[gnu::noipa]] void blocks(int milliseconds) {
  thane::log::info("calamity begins");
  ::poll(nullptr, 0, milliseconds);
  asm volatile("");
}
[[gnu::noipa]] void waits(thane::Event& event) {
  event.wait();
  asm volatile("");
}
[[gnu::noipa]] void writes_to_nowhere() {
  volatile std::uintptr_t address = 64;
  *reinterpret_cast<volatile char*>(address) = 1;
}
[[gnu::noipa]] void calls_nothing() {
  void (*volatile function)() = nullptr;
  function();
  asm volatile("");
}
[[gnu::noipa]] void traps() {
  __builtin_trap();
}
[[gnu::noipa]] void aborts() {
  std::abort();
}
[[gnu::noipa]] int divides_by(int zero) {
  volatile int result = 1;
  result = result / zero;
  return result;
}
[[gnu::noipa]] int digs(int depth) {
  volatile char frame[1000];
  frame[depth % 1000] = 1;
  return depth < 0 ? 0 : digs(depth + 1) + frame[0];
}
[[gnu::noipa]] void throws() {
  throw std::runtime_error("no such item");
}
[[gnu::noipa]] void must_not_throw() noexcept {
  throws();
}

void lose_the_stack_of_handlers() {
  stack_t stack{};
  ::sigaltstack(nullptr, &stack);
  ::munmap(stack.ss_sp, stack.ss_size);
  writes_to_nowhere();
}

void crash_in_own_handler() {
  struct sigaction action {};
  action.sa_handler = [](int) {
    constexpr std::string_view line = "the application's own handler\n";
    (void)!::write(STDERR_FILENO, line.data(), line.size());
    ::_exit(7);
  };
  ::sigaction(SIGSEGV, &action, nullptr);
  writes_to_nowhere();
}

class Calamity final : public thane::Service {
 public:
  explicit Calamity(std::string what) : what_(std::move(what)) {}
  [[nodiscard]] std::string name() const override { return "calamity"; }

  void start() override {
    if (what_ == "spin_on") {
      for (int i = 0; i < 300; ++i) {
        group().spawn([this] { waits(never_); }, fmt::format("waiter {}", i));
      }
    }
    group().spawn([this] { happen(); }, "calamity");
  }

 private:
  void happen() {
    thane::this_fiber::sleep_for(20ms);
    if (what_ == "spin") {
      for (auto duration = 150ms;; duration = std::min(duration * 2, 2400ms)) {
        computes(duration);
        thane::this_fiber::sleep_for(1100ms);
      }
    } else if (what_ == "block") {
      blocks(300);
    } else if (what_ == "busy") {
      thane::log::info("calamity begins");
      for (;;) {
        computes(5ms);
        ::poll(nullptr, 0, 1);
        thane::this_fiber::sleep_for(1ms);
      }
    } else if (what_ == "spin_on" || what_ == "locked") {
      spins(what_ == "locked");
    } else if (what_ == "block_on") {
      blocks(-1);
    } else if (what_ == "offload_on") {
      thane::offload([] { blocks(-1); });
    } else {
      crash();
    }
    thane::log::info("calamity is over");
  }

  void crash() {
    if (what_ == "null") writes_to_nowhere();
    if (what_ == "call_null") calls_nothing();
    if (what_ == "ill") traps();
    if (what_ == "fpe") divides_by(0);
    if (what_ == "abort") aborts();
    if (what_ == "uncaught") std::thread{throws}.join();
    if (what_ == "noexcept") must_not_throw();
    if (what_ == "overflow") digs(0);
    if (what_ == "thread") thane::offload(writes_to_nowhere);
    if (what_ == "twice") lose_the_stack_of_handlers();
    if (what_ == "handled") crash_in_own_handler();
  }

  std::string what_;
  thane::Event never_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: calamity WHAT WORKERS [options]\n");
    return 2;
  }
  const std::string what = argv[1];
  const int workers = std::atoi(argv[2]);
  argv[2] = argv[0];
  const auto config =
      thane::Config::from_command_line(argc - 2, argv + 2, {thane::launcher_options()});
  auto launcher = thane::launch(config, std::make_unique<Calamity>(what), {.workers = workers});
  return launcher->wait();
}
