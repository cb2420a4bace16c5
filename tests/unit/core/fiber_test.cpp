// Fibers: spawning, order, sleeping in simulated time, killing, joining, exceptions.
#include <doctest/doctest.h>

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include <thane/event.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/internal/release_unused_stack.hpp>

#include "support/simulated.hpp"

using namespace std::chrono_literals;
using thane::Event;
using thane::Fiber;
using thane::FiberLoop;
using thane::testing::Simulated;
namespace this_fiber = thane::this_fiber;

namespace {

TEST_CASE_FIXTURE(Simulated, "fibers run in the order in which they were spawned") {
  std::string log;
  loop.run([&] {
    loop.spawn([&] { log += 'a'; });
    loop.spawn([&] { log += 'b'; });
    loop.spawn([&] { log += 'c'; });
    log += '0';
    this_fiber::yield();
  });
  CHECK(log == "0abc");
}

TEST_CASE_FIXTURE(Simulated, "sleeping fibers wake in the order of their deadlines") {
  std::string log;
  const auto start = loop.now();
  loop.run([&] {
    auto sleeper = [&](thane::Duration time, char name) {
      return loop.spawn([&log, time, name] {
        this_fiber::sleep_for(time);
        log += name;
      });
    };
    const auto last = sleeper(3h, 'c');
    sleeper(1s, 'a');
    sleeper(2s, 'b');
    last.wait();
  });
  CHECK(log == "abc");
  CHECK(loop.now() - start == 3h);
}

TEST_CASE_FIXTURE(Simulated,
                  "fibers with the same deadline wake in the order in which they slept") {
  std::string log;
  loop.run([&] {
    for (char name = 'a'; name <= 'e'; ++name) {
      loop.spawn([&log, name] {
        this_fiber::sleep_for(1s);
        log += name;
      });
    }
    this_fiber::sleep_for(2s);
  });
  CHECK(log == "abcde");
}

TEST_CASE("a loop in real time does not wake a sleeper early") {
  FiberLoop loop;
  const auto start = thane::SteadyClock::now();
  loop.run([] { this_fiber::sleep_for(2ms); });
  CHECK(thane::SteadyClock::now() - start >= 2ms);
}

TEST_CASE_FIXTURE(Simulated, "an exception of main comes out of run") {
  CHECK_THROWS_WITH(loop.run([] { throw std::runtime_error("broken"); }), "broken");
}

TEST_CASE_FIXTURE(Simulated, "wait() rethrows what the fiber ended with") {
  loop.run([&] {
    const Fiber fiber = loop.spawn([] { throw std::runtime_error("broken"); });
    CHECK_THROWS_WITH(fiber.wait(), "broken");
    CHECK(fiber.error() != nullptr);
    CHECK(fiber.done());
  });
}

TEST_CASE_FIXTURE(Simulated, "a fiber killed before its first run never runs") {
  loop.run([&] {
    bool ran = false;
    const Fiber fiber = loop.spawn([&] { ran = true; });
    fiber.kill();
    fiber.wait();
    CHECK_FALSE(ran);
    CHECK(fiber.error() == nullptr);
  });
}

TEST_CASE_FIXTURE(Simulated, "a kill unwinds the stack of a sleeping fiber at once") {
  const auto start = loop.now();
  loop.run([&] {
    bool unwound = false;
    const Fiber fiber = loop.spawn([&] {
      struct Guard {
        bool& flag;
        ~Guard() { flag = true; }
      } guard{unwound};
      this_fiber::sleep_for(1h);
    });
    this_fiber::yield();
    fiber.kill();
    fiber.wait();
    CHECK(unwound);
  });
  CHECK(loop.now() == start);
}

TEST_CASE_FIXTURE(Simulated, "a kill is sticky: whoever swallows it gets it again") {
  loop.run([&] {
    int swallowed = 0;
    const Fiber fiber = loop.spawn([&] {
      for (int i = 0; i < 3; ++i) {
        try {
          this_fiber::sleep_for(1h);
        } catch (const thane::fiber_killed&) {
          ++swallowed;
        }
      }
    });
    this_fiber::yield();
    fiber.kill();
    fiber.wait();
    CHECK(swallowed == 3);
  });
}

TEST_CASE_FIXTURE(Simulated, "below a mask a killed fiber may sleep to clean up") {
  loop.run([&] {
    bool cleaned = false;
    const Fiber fiber = loop.spawn([&] {
      try {
        this_fiber::sleep_for(1h);
      } catch (const thane::fiber_killed&) {
        this_fiber::Mask mask;
        CHECK(this_fiber::killed());
        this_fiber::sleep_for(5ms);
        cleaned = true;
        throw;
      }
    });
    this_fiber::yield();
    fiber.kill();
    fiber.wait();
    CHECK(cleaned);
  });
}

TEST_CASE_FIXTURE(Simulated, "a kill below a mask comes after it") {
  std::string log;
  loop.run([&] {
    const Fiber fiber = loop.spawn([&] {
      {
        this_fiber::Mask mask;
        this_fiber::sleep_for(1s);
        log += 'a';
      }
      this_fiber::yield();
      log += 'b';
    });
    this_fiber::yield();
    fiber.kill();
    fiber.wait();
  });
  CHECK(log == "a");
}

TEST_CASE_FIXTURE(Simulated,
                  "a destructor that runs for an exception may suspend in a killed fiber") {
  bool slept = false;
  loop.run([&] {
    const Fiber fiber = loop.spawn([&] {
      struct Slow {
        bool& flag;
        ~Slow() {
          this_fiber::sleep_for(1s);
          flag = true;
        }
      } slow{slept};
      this_fiber::sleep_for(1h);
    });
    this_fiber::yield();
    fiber.kill();
    fiber.wait();
  });
  CHECK(slept);
}

TEST_CASE_FIXTURE(Simulated,
                  "an exception being handled stays the fiber's own across a suspension") {
  std::string log;
  loop.run([&] {
    auto thrower = [&](std::string name, thane::Duration pause) {
      return loop.spawn([&log, name, pause] {
        try {
          throw std::runtime_error(name);
        } catch (const std::exception&) {
          this_fiber::sleep_for(pause);
          try {
            throw;
          } catch (const std::exception& again) {
            log += name + again.what() + ' ';
          }
        }
      });
    };
    const Fiber first = thrower("A", 10ms);
    const Fiber second = thrower("B", 20ms);
    first.wait();
    second.wait();
  });
  CHECK(log == "AA BB ");
}

TEST_CASE_FIXTURE(Simulated, "links are called once, at the end or at once after it") {
  int called = 0;
  loop.run([&] {
    const Fiber fiber = loop.spawn([] { this_fiber::sleep_for(1s); });
    fiber.link([&](const Fiber& ended) {
      CHECK(ended.done());
      CHECK(ended == fiber);
      ++called;
    });
    this_fiber::yield();
    CHECK(called == 0);
    fiber.wait();
    CHECK(called == 1);
    fiber.link([&](const Fiber&) { ++called; });
    CHECK(called == 2);
  });
}

TEST_CASE("the destructor of a loop kills what is left and unwinds it") {
  int unwound = 0;
  struct Guard {
    int& count;
    ~Guard() { ++count; }
  };
  Fiber outlives;
  {
    FiberLoop loop{{.time = thane::Time::simulated}};
    loop.run([&] {
      for (int i = 0; i < 10; ++i) {
        outlives = loop.spawn([&] {
          Guard guard{unwound};
          this_fiber::sleep_until(thane::never);
        });
      }
      this_fiber::yield();
    });
    CHECK(loop.fibers() == 10);
  }
  CHECK(unwound == 10);
  CHECK(outlives.done());
}

TEST_CASE_FIXTURE(Simulated, "a simulated loop in which nothing can happen any more says so") {
  Event never_set;
  CHECK_THROWS_AS(loop.run([&] { never_set.wait(); }), std::logic_error);
  never_set.set();
  loop.run([] {});
}

TEST_CASE_FIXTURE(Simulated, "a fiber knows itself, its id and its name") {
  CHECK_FALSE(this_fiber::current());
  loop.run([&] {
    const Fiber fiber = loop.spawn([&] { this_fiber::set_name("renamed"); }, "named");
    CHECK(fiber.name() == "named");
    CHECK(fiber.id() > this_fiber::current().id());
    fiber.wait();
    CHECK(fiber.name() == "renamed");
  });
}

TEST_CASE_FIXTURE(Simulated, "a chain of five thousand fibers that wait for one another ends") {
  loop.run([&] {
    Fiber previous = this_fiber::current();
    Event go;
    Fiber first = loop.spawn([&] { go.wait(); });
    Fiber last = first;
    for (int i = 0; i < 5'000; ++i) {
      last = loop.spawn([last] { last.wait(); });
    }
    this_fiber::yield();
    go.set();
    last.wait();
    CHECK(first.done());
  });
}

TEST_CASE_FIXTURE(Simulated, "forty thousand fibers sleep at once, or a sentence says why not") {
#if defined(__SANITIZE_THREAD__)
  constexpr int wanted = 4'000;  // TSan ends the process at 8,128.
#else
  constexpr int wanted = 40'000;
#endif
  int made = 0;
  int slept = 0;
  loop.run([&] {
    Fiber last;
    try {
      for (; made < wanted; ++made) {
        last = loop.spawn([&] {
          this_fiber::sleep_for(1s);
          ++slept;
        });
      }
    } catch (const std::runtime_error& error) {  // Guards by mprotect: Linux before 6.13.
      CHECK(std::string{error.what()}.find("raise vm.max_map_count") != std::string::npos);
      CHECK(made > 10'000);
    }
    last.wait();
  });
  CHECK(slept == made);
  loop.run([&] { loop.spawn([&] { ++slept; }).wait(); });
  CHECK(slept == made + 1);
}

TEST_CASE_FIXTURE(Simulated, "a fiber that waits loses nothing but the unused part of its stack") {
  loop.run([&] {
    std::string seen;
    const Fiber waiting = loop.spawn([&] {
      std::array<char, 6000> here;
      here.fill('x');
      this_fiber::sleep_until(loop.now());
      seen.assign(here.begin(), here.end());
    });
    thane::internal::release_unused_stack(waiting);  // It has not begun.
    this_fiber::yield();
    thane::internal::release_unused_stack(waiting);
    thane::internal::release_unused_stack(this_fiber::current());
    waiting.wait();
    thane::internal::release_unused_stack(waiting);
    CHECK(seen == std::string(6000, 'x'));
  });
}

TEST_CASE_FIXTURE(Simulated, "a fiber that only yields holds up neither timers nor other fibers") {
  loop.run([&] {
    bool stop = false;
    const Fiber busy = loop.spawn([&] {
      while (!stop) {
        this_fiber::yield();
      }
    });
    const Fiber timed = loop.spawn([&] {
      this_fiber::sleep_until(loop.now());
      stop = true;
    });
    busy.wait();
    CHECK(timed.done());
  });
}

}  // namespace
