// offload(): on a thread, while the fibers go on.
#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include <thane/fiber_loop.hpp>
#include <thane/offload.hpp>

using namespace std::chrono_literals;
using thane::Fiber;
using thane::FiberLoop;
using thane::offload;
namespace this_fiber = thane::this_fiber;

namespace {

// What an offloaded function waits at until the test opens it.
class Door {
 public:
  void pass() {
    std::unique_lock lock{mutex_};
    opened_.wait(lock, [this] { return open_; });
  }
  void open() {
    const std::lock_guard lock{mutex_};
    open_ = true;
    opened_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

TEST_CASE("the value comes back, moved, and from another thread") {
  FiberLoop loop;
  loop.run([] {
    const auto here = std::this_thread::get_id();
    CHECK(offload([&] { return std::this_thread::get_id() != here; }));
    CHECK(*offload([] { return std::make_unique<int>(7); }) == 7);
    int x = 0;
    offload([&] { x = 1; });
    CHECK(x == 1);
  });
}

TEST_CASE("an exception comes back") {
  FiberLoop loop;
  loop.run([] {
    CHECK_THROWS_WITH(offload([]() -> int { throw std::runtime_error("from the thread"); }),
                      "from the thread");
  });
}

TEST_CASE("only the calling fiber blocks") {
  FiberLoop loop;
  Door door;
  loop.run([&] {
    const Fiber fiber = loop.spawn([&] { offload([&] { door.pass(); }); });
    for (int i = 0; i < 10; ++i) {
      this_fiber::yield();
    }
    CHECK_FALSE(fiber.done());
    door.open();
    fiber.wait();
  });
}

TEST_CASE("a kill waits for the function, whose result is not lost") {
  FiberLoop loop;
  Door door;
  int got = 0;
  bool reached = false;
  loop.run([&] {
    const Fiber fiber = loop.spawn([&] {
      got = offload([&] {
        door.pass();
        return 7;
      });
      this_fiber::yield();
      reached = true;
    });
    this_fiber::yield();
    fiber.kill();
    this_fiber::yield();
    CHECK_FALSE(fiber.done());
    door.open();
    fiber.wait();
  });
  CHECK(got == 7);
  CHECK_FALSE(reached);
}

TEST_CASE(
    "no more functions run at once than there may be threads; the others wait for their turn") {
  FiberLoop loop{{.offload_threads = 2}};
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  int done = 0;
  loop.run([&] {
    for (int i = 0; i < 50; ++i) {
      loop.spawn([&] {
        offload([&] {
          const int now = ++running;
          int seen = most;
          while (now > seen && !most.compare_exchange_weak(seen, now)) {
          }
          std::this_thread::yield();
          --running;
        });
        ++done;
      });
    }
    while (done < 50) {
      this_fiber::yield();
    }
  });
  CHECK(most <= 2);
}

TEST_CASE("in simulated time the clock stands still while a function runs") {
  FiberLoop loop{{.time = thane::Time::simulated}};
  Door door;
  loop.run([&] {
    const auto start = loop.now();
    const Fiber sleeper = loop.spawn([] { this_fiber::sleep_for(1s); });
    const Fiber opener = loop.spawn([&] { door.open(); });
    offload([&] { door.pass(); });
    CHECK(loop.now() == start);
    sleeper.wait();
    CHECK(loop.now() - start == 1s);
  });
}

TEST_CASE("a program that a thread of the pool executes would have no signal blocked") {
  FiberLoop loop;
  loop.run([] {
    CHECK(offload([] {
      sigset_t blocked;
      ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
      return ::sigisemptyset(&blocked) == 1;
    }));
  });
}

TEST_CASE("the destructor of the loop waits for what still runs on a thread") {
  bool finished = false;
  {
    FiberLoop loop;
    loop.run([&] {
      loop.spawn([&] {
        offload([&] {
          std::this_thread::yield();
          finished = true;
        });
      });
      this_fiber::yield();
    });
  }
  CHECK(finished);
}

}  // namespace
