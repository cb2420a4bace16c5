// What fibers cost: spawning, switching, idling by the hundred thousand, killing, offloading.
//
//   build/release/bench/bench_fibers             then: --rounds 15 for calmer medians
//
// CPU time of this process, medians of rounds interleaved with the same work on asio::spawn (with
// pooled stacks of the same size), so that both meet the same machine. Ratios below 1 are ours.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/context/pooled_fixedsize_stack.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thane/check.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/offload.hpp>
#include <vector>

namespace asio = boost::asio;
namespace this_fiber = thane::this_fiber;

namespace {

constexpr std::size_t stack_size = 128 * 1024;
constexpr int idle_fibers = 100'000;

double cpu_seconds() {
  rusage usage;
  thane::check(::getrusage(RUSAGE_SELF, &usage), "getrusage");
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Bytes of memory this process uses, with the page tables that map it.
double memory_used() {
  double kilobytes = 0;
  const auto add = [&](const char* file, const char* field) {
    std::ifstream lines{file};
    for (std::string line; std::getline(lines, line);) {
      if (line.rfind(field, 0) == 0) {
        kilobytes += std::atof(line.c_str() + std::strlen(field));
      }
    }
  };
  add("/proc/self/smaps_rollup", "Pss:");
  add("/proc/self/status", "VmPTE:");
  return kilobytes * 1024;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Nanoseconds per piece of work of a function that does `count` of them.
double nanoseconds_each(int count, const std::function<void()>& work) {
  const double before = cpu_seconds();
  work();
  return (cpu_seconds() - before) / count * 1e9;
}

using PooledStacks = boost::context::pooled_fixedsize_stack;

template <class Body>
void spawn_on_asio(asio::io_context& io, PooledStacks& stacks, Body body) {
  asio::spawn(io, std::allocator_arg, stacks, std::move(body), asio::detached);
}

constexpr int spawned = 200'000;
constexpr int batch = 100;

double spawn_thane() {
  thane::FiberLoop loop;
  int done = 0;
  return nanoseconds_each(spawned, [&] {
    loop.run([&] {
      for (int i = 0; i < spawned / batch; ++i) {
        for (int k = 0; k < batch; ++k) {
          loop.spawn([&done] { ++done; });
        }
        this_fiber::yield();
      }
    });
    if (done != spawned) std::abort();
  });
}

double spawn_asio() {
  asio::io_context io{1};
  PooledStacks stacks{stack_size};
  int done = 0;
  return nanoseconds_each(spawned, [&] {
    spawn_on_asio(io, stacks, [&](asio::yield_context yield) {
      for (int i = 0; i < spawned / batch; ++i) {
        for (int k = 0; k < batch; ++k) {
          spawn_on_asio(io, stacks, [&done](asio::yield_context) { ++done; });
        }
        asio::post(io, yield);
      }
    });
    io.run();
    if (done != spawned) std::abort();
  });
}

constexpr int switchers = 100;
constexpr int switches_each = 10'000;

double switch_thane() {
  thane::FiberLoop loop;
  return nanoseconds_each(switchers * switches_each, [&] {
    loop.run([&] {
      thane::Fiber last;
      for (int i = 0; i < switchers; ++i) {
        last = loop.spawn([] {
          for (int k = 0; k < switches_each; ++k) {
            this_fiber::yield();
          }
        });
      }
      last.wait();
    });
  });
}

double switch_asio() {
  asio::io_context io{1};
  PooledStacks stacks{stack_size};
  return nanoseconds_each(switchers * switches_each, [&] {
    for (int i = 0; i < switchers; ++i) {
      spawn_on_asio(io, stacks, [&io](asio::yield_context yield) {
        for (int k = 0; k < switches_each; ++k) {
          asio::post(io, yield);
        }
      });
    }
    io.run();
  });
}

double offload_thane() {
  thane::FiberLoop loop;
  constexpr int calls = 5'000;
  double each = 0;
  loop.run([&] {
    thane::offload([] {});  // Makes the thread.
    const auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i) {
      thane::offload([] {});
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - before;
    each = took.count() / calls;
  });
  return each;
}

struct Idle {
  double bytes = 0;   // Per fiber.
  double create = 0;  // Nanoseconds each.
  double kill = 0;    // Nanoseconds each, unwound and ended.
};

Idle idle_thane() {
  Idle result;
  thane::FiberLoop loop;
  int unwound = 0;
  struct Guard {
    int& count;
    ~Guard() { ++count; }
  };
  std::vector<thane::Fiber> fibers;
  fibers.reserve(idle_fibers);
  std::fill_n(std::back_inserter(fibers), idle_fibers, thane::Fiber{});
  loop.run([&] {
    this_fiber::yield();
    const double before = memory_used();
    result.create = nanoseconds_each(idle_fibers, [&] {
      for (auto& fiber : fibers) {
        fiber = loop.spawn([&unwound] {
          Guard guard{unwound};
          this_fiber::sleep_for(std::chrono::hours{1});
        });
      }
      this_fiber::yield();
    });
    result.bytes = (memory_used() - before) / idle_fibers;
    result.kill = nanoseconds_each(idle_fibers, [&] {
      for (const auto& fiber : fibers) {
        fiber.kill();
      }
      fibers.back().wait();
    });
    if (unwound != idle_fibers) std::abort();
  });
  return result;
}

Idle idle_asio() {
  Idle result;
  asio::io_context io{1};
  PooledStacks stacks{stack_size};
  std::vector<asio::cancellation_signal> signals(idle_fibers);
  const double before = memory_used();
  result.create = nanoseconds_each(idle_fibers, [&] {
    for (auto& signal : signals) {
      asio::spawn(
          io, std::allocator_arg, stacks,
          [&io](asio::yield_context yield) {
            boost::system::error_code ignored;
            asio::steady_timer timer{io, std::chrono::hours{1}};
            timer.async_wait(yield[ignored]);
          },
          asio::bind_cancellation_slot(signal.slot(), asio::detached));
    }
    io.poll();
  });
  result.bytes = (memory_used() - before) / idle_fibers;
  result.kill = nanoseconds_each(idle_fibers, [&] {
    for (auto& signal : signals) {
      signal.emit(asio::cancellation_type::terminal);
    }
    io.run();
  });
  return result;
}

/// In a process of its own: what others have freed must not be counted as cheap memory.
Idle in_new_process(Idle (*measure)()) {
  int ends[2];
  thane::check(::pipe(ends), "pipe");
  const pid_t pid = thane::check(::fork(), "fork");
  if (pid == 0) {
    const Idle result = measure();
    ::_exit(::write(ends[1], &result, sizeof result) == sizeof result ? 0 : 1);
  }
  ::close(ends[1]);
  Idle result;
  if (::read(ends[0], &result, sizeof result) != sizeof result) {
    std::fprintf(stderr, "the measuring process failed\n");
    std::exit(1);
  }
  ::close(ends[0]);
  ::waitpid(pid, nullptr, 0);
  return result;
}

void print(const char* what, const char* unit, const std::vector<double>& ours,
           const std::vector<double>& theirs, double bar) {
  std::printf("%-34s %10.1f %10.1f %-6s %6.2f", what, median(ours), median(theirs), unit,
              median(ours) / median(theirs));
  if (bar > 0) {
    std::printf("   at most %.0f: %s", bar, median(ours) <= bar ? "met" : "MISSED");
  }
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 2 && std::string{argv[1]} == "--rounds" ? std::atoi(argv[2]) : 9;
  std::vector<double> ours[5], theirs[5], offloads;
  for (int round = 0; round < rounds; ++round) {
    ours[0].push_back(spawn_thane());
    theirs[0].push_back(spawn_asio());
    ours[1].push_back(switch_thane());
    theirs[1].push_back(switch_asio());
    offloads.push_back(offload_thane());
    if (round % 3 == 0) {
      const Idle thane_idle = in_new_process(idle_thane);
      const Idle asio_idle = in_new_process(idle_asio);
      ours[2].push_back(thane_idle.bytes);
      theirs[2].push_back(asio_idle.bytes);
      ours[3].push_back(thane_idle.create);
      theirs[3].push_back(asio_idle.create);
      ours[4].push_back(thane_idle.kill);
      theirs[4].push_back(asio_idle.kill);
    }
  }
  std::printf("%-34s %10s %10s %-6s %6s\n", "", "thane", "asio", "", "ratio");
  print("spawn and finish", "ns", ours[0], theirs[0], 180);
  print("switch", "ns", ours[1], theirs[1], 60);
  print("idle fiber, 100,000 of them", "bytes", ours[2], theirs[2], 5000);
  print("create an idle fiber", "ns", ours[3], theirs[3], 0);
  print("kill an idle fiber", "ns", ours[4], theirs[4], 0);
  std::printf("%-34s %10.1f %10s ns (wall time)\n", "offload, there and back", median(offloads),
              "");
}
