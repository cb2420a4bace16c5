// Queue: values in order, from fibers to fibers.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include <thane/fiber_loop.hpp>
#include <thane/queue.hpp>

#include "support/simulated.hpp"

using namespace std::chrono_literals;
using thane::Fiber;
using thane::FiberLoop;
using thane::Queue;
using thane::testing::Simulated;
namespace this_fiber = thane::this_fiber;

namespace {

TEST_CASE_FIXTURE(Simulated, "values come out in the order in which they went in") {
  Queue<int> queue{3};
  std::string log;
  loop.run([&] {
    const Fiber producer = loop.spawn([&] {
      for (int i = 0; i < 10; ++i) {
        queue.push(i);
        CHECK(queue.size() <= 3);
      }
      queue.close();
    });
    CHECK_THROWS_AS(
        [&] {
          for (;;) {
            log += std::to_string(queue.pop());
          }
        }(),
        thane::queue_closed);
  });
  CHECK(log == "0123456789");
}

TEST_CASE_FIXTURE(Simulated, "fibers that pop are served in the order in which they came") {
  Queue<std::unique_ptr<char>> queue{10};
  std::string log;
  loop.run([&] {
    for (int i = 0; i < 3; ++i) {
      loop.spawn([&log, &queue, i] { log += std::to_string(i) + *queue.pop() + ' '; });
    }
    this_fiber::yield();
    for (char letter = 'a'; letter <= 'c'; ++letter) {
      queue.push(std::make_unique<char>(letter));
    }
    CHECK_FALSE(queue.try_pop());  // All three belong to those that wait.
    this_fiber::yield();
  });
  CHECK(log == "0a 1b 2c ");
}

TEST_CASE_FIXTURE(Simulated, "a full queue takes nothing by try_push, an empty one gives nothing") {
  Queue<std::string> queue{1};
  loop.run([&] {
    CHECK_FALSE(queue.try_pop());
    CHECK(queue.try_push("one"));
    std::string two = "two";
    CHECK_FALSE(queue.try_push(two));
    CHECK(two == "two");
    CHECK(queue.try_pop() == "one");
  });
}

TEST_CASE_FIXTURE(Simulated, "pop_for() gives up after its limit") {
  Queue<int> queue{1};
  loop.run([&] {
    const auto start = loop.now();
    CHECK_FALSE(queue.pop_for(2s));
    CHECK(loop.now() - start == 2s);
    loop.spawn([&] { queue.push(7); });
    CHECK(queue.pop_for(2s) == 7);
  });
}

TEST_CASE_FIXTURE(Simulated, "a killed popper leaves its value to the next one") {
  Queue<int> queue{1};
  int got = 0;
  loop.run([&] {
    const Fiber first = loop.spawn([&] { got = -queue.pop(); });
    const Fiber second = loop.spawn([&] { got = queue.pop(); });
    this_fiber::yield();
    first.kill();
    queue.push(7);
    second.wait();
  });
  CHECK(got == 7);
}

TEST_CASE_FIXTURE(Simulated, "a popper killed after it was handed a value gets it") {
  Queue<int> queue{1};
  int got = 0;
  loop.run([&] {
    const Fiber fiber = loop.spawn([&] { got = queue.pop(); });
    this_fiber::yield();
    queue.push(7);
    fiber.kill();
    fiber.wait();
  });
  CHECK(got == 7);
}

TEST_CASE_FIXTURE(Simulated, "a killed pusher leaves its place to the next one") {
  Queue<int> queue{1};
  loop.run([&] {
    queue.push(1);
    const Fiber first = loop.spawn([&] { queue.push(2); });
    const Fiber second = loop.spawn([&] { queue.push(3); });
    this_fiber::yield();
    first.kill();
    CHECK(queue.pop() == 1);
    CHECK(queue.pop() == 3);
    second.wait();
  });
}

TEST_CASE_FIXTURE(Simulated, "close() ends those that wait and leaves what is in the queue") {
  Queue<int> queue{1};
  Queue<int> empty{1};
  loop.run([&] {
    queue.push(1);
    const Fiber pusher = loop.spawn([&] { queue.push(2); });
    const Fiber popper = loop.spawn([&] { empty.pop(); });
    this_fiber::yield();
    queue.close();
    empty.close();
    CHECK_THROWS_AS(pusher.wait(), thane::queue_closed);
    CHECK_THROWS_AS(popper.wait(), thane::queue_closed);
    CHECK_FALSE(queue.try_push(3));
    CHECK(queue.pop() == 1);
    CHECK_THROWS_AS(queue.pop(), thane::queue_closed);
    CHECK_THROWS_AS(queue.push(4), thane::queue_closed);
  });
}

TEST_CASE_FIXTURE(Simulated,
                  "a pusher that was handed a slot and overtaken by close() pushes nothing") {
  Queue<int> queue{1};
  loop.run([&] {
    queue.push(1);
    const Fiber pusher = loop.spawn([&] { queue.push(2); });
    this_fiber::yield();
    CHECK(queue.pop() == 1);
    queue.close();
    CHECK_THROWS_AS(queue.pop(), thane::queue_closed);
    CHECK_THROWS_AS(pusher.wait(), thane::queue_closed);
    CHECK(queue.empty());
  });
}

}  // namespace
