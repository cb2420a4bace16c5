// Semaphore: permits, first come, first served.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include <thane/fiber_loop.hpp>
#include <thane/semaphore.hpp>
#include <thane/timeout.hpp>

#include "support/simulated.hpp"

using namespace std::chrono_literals;
using thane::Fiber;
using thane::FiberLoop;
using thane::Semaphore;
using thane::testing::Simulated;
namespace this_fiber = thane::this_fiber;

namespace {

TEST_CASE_FIXTURE(Simulated, "never more run than there are permits") {
  Semaphore semaphore{2};
  int running = 0;
  int most = 0;
  loop.run([&] {
    Fiber last;
    for (int i = 0; i < 20; ++i) {
      last = loop.spawn([&] {
        Semaphore::Permit permit{semaphore};
        most = std::max(most, ++running);
        this_fiber::sleep_for(1s);
        --running;
      });
    }
    last.wait();
  });
  CHECK(most == 2);
  CHECK(semaphore.available() == 2);
}

TEST_CASE_FIXTURE(Simulated,
                  "a permit given back goes to who waits longest, not to who comes next") {
  Semaphore semaphore{1};
  std::string log;
  loop.run([&] {
    semaphore.acquire();
    const Fiber first = loop.spawn([&] {
      semaphore.acquire();
      log += 'a';
      semaphore.release();
    });
    this_fiber::yield();
    semaphore.release();
    CHECK_FALSE(semaphore.try_acquire());
    semaphore.acquire();
    log += 'b';
    first.wait();
  });
  CHECK(log == "ab");
}

TEST_CASE_FIXTURE(Simulated, "a killed waiter leaves the queue and takes no permit") {
  Semaphore semaphore{0};
  bool second_got_it = false;
  loop.run([&] {
    const Fiber first = loop.spawn([&] { semaphore.acquire(); });
    const Fiber second = loop.spawn([&] {
      semaphore.acquire();
      second_got_it = true;
    });
    this_fiber::yield();
    CHECK(semaphore.waiting() == 2);
    first.kill();
    CHECK(semaphore.waiting() == 1);
    semaphore.release();
    second.wait();
  });
  CHECK(second_got_it);
  CHECK(semaphore.available() == 0);
}

TEST_CASE_FIXTURE(Simulated, "a waiter that was handed a permit and then killed passes it on") {
  Semaphore semaphore{0};
  bool second_got_it = false;
  loop.run([&] {
    const Fiber first = loop.spawn([&] {
      Semaphore::Permit permit{semaphore};
      this_fiber::sleep_for(1h);
    });
    const Fiber second = loop.spawn([&] {
      Semaphore::Permit permit{semaphore};
      second_got_it = true;
    });
    this_fiber::yield();
    semaphore.release();
    first.kill();
    second.wait();
  });
  CHECK(second_got_it);
  CHECK(semaphore.available() == 1);
}

TEST_CASE_FIXTURE(Simulated, "acquire_for() gives up after its limit") {
  Semaphore semaphore{0};
  loop.run([&] {
    CHECK_FALSE(semaphore.acquire_for(1s));
    CHECK(semaphore.waiting() == 0);
    semaphore.release();
    CHECK(semaphore.acquire_for(1s));
    thane::Timeout limit{1s};
    CHECK_THROWS_AS(semaphore.acquire(), thane::timeout_error);
  });
}

}  // namespace
