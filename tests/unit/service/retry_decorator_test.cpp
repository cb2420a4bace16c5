// RetryDecorator, in simulated time.
#include <thane/retry_decorator.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <vector>

#include "support/simulated.hpp"

using namespace std::chrono_literals;
using thane::Duration;
using thane::RetryDecorator;
using thane::testing::Simulated;

namespace {

struct CountedCalls : Simulated {
  int calls = 0;
};

struct Unreachable : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct NoRoute final : Unreachable {
  using Unreachable::Unreachable;
};

// test_retry
TEST_CASE_FIXTURE(CountedCalls, "arguments go in and the result comes out, without a retry") {
  loop.run([&] {
    auto add = RetryDecorator<Unreachable>{}([&](int a, const std::string& b) {
      ++calls;
      return b + std::to_string(a);
    });
    CHECK(add(1, "x") == "x1");
    CHECK(calls == 1);

    int value = 3;
    auto reference = RetryDecorator<Unreachable>{}([](int& in) -> int& { return in; });
    reference(value) = 4;
    CHECK(value == 4);
  });
  CHECK(elapsed() == 0s);
}

// test_retry_with_expected_exceptions
TEST_CASE_FIXTURE(CountedCalls,
                  "listed exceptions, and those derived from them, are retried after") {
  loop.run([&] {
    auto flaky = RetryDecorator<std::out_of_range, Unreachable>{
        {.max_retry_count = 2, .inc_sleep_time = 10ms, .max_sleep_time = 10ms}}([&] {
      switch (++calls) {
        case 1:
          throw NoRoute("net");
        case 2:
          throw std::out_of_range("number");
        default:
          return calls;
      }
    });
    CHECK(flaky() == 3);
  });
  CHECK(elapsed() == 20ms);
}

// test_retry_with_max_retries
TEST_CASE_FIXTURE(CountedCalls, "when no retry is left the last exception comes out") {
  loop.run([&] {
    auto failing = RetryDecorator<Unreachable>{{.max_retry_count = 3}}(
        [&] { throw NoRoute("attempt " + std::to_string(++calls)); });
    CHECK_THROWS_WITH_AS(failing(), "attempt 4", NoRoute);
    CHECK(elapsed() == 10s + 20s + 30s);
  });
}

// test_retry_with_unexpected_exception
TEST_CASE_FIXTURE(CountedCalls, "an exception that is not listed comes out at once") {
  loop.run([&] {
    auto failing = RetryDecorator<Unreachable>{}([&] {
      ++calls;
      throw std::logic_error("a bug");
    });
    CHECK_THROWS_AS(failing(), std::logic_error);
    CHECK(calls == 1);
    CHECK(elapsed() == 0s);
  });
}

TEST_CASE_FIXTURE(CountedCalls, "each invocation has its own retries") {
  loop.run([&] {
    auto failing = RetryDecorator<Unreachable>{{.max_retry_count = 2, .inc_sleep_time = 1s}}([&] {
      ++calls;
      throw Unreachable("no");
    });
    for (int invocation = 1; invocation <= 3; ++invocation) {
      CHECK_THROWS_AS(failing(), Unreachable);
      CHECK(calls == 3 * invocation);
      CHECK(elapsed() == 3s * invocation);
    }
  });
}

TEST_CASE_FIXTURE(CountedCalls, "two fibers that retry through one decorator do not share counts") {
  loop.run([&] {
    auto failing = RetryDecorator<Unreachable>{{.max_retry_count = 1, .inc_sleep_time = 1s}}([&] {
      ++calls;
      throw Unreachable("no");
    });
    std::vector<thane::Fiber> fibers;
    for (int i = 0; i < 2; ++i) {
      fibers.push_back(loop.spawn([&] { CHECK_THROWS_AS(failing(), Unreachable); }));
    }
    for (const thane::Fiber& fiber : fibers) {
      fiber.wait();
    }
    CHECK(calls == 4);
    CHECK(elapsed() == 1s);
  });
}

TEST_CASE_FIXTURE(CountedCalls, "by default it retries for ever, up to a minute apart") {
  loop.run([&] {
    auto flaky = RetryDecorator<Unreachable>{}([&] {
      if (++calls < 100) throw Unreachable("no");
    });
    flaky();
    CHECK(elapsed() == 10s + 20s + 30s + 40s + 50s + 94 * 60s);
  });
}

TEST_CASE_FIXTURE(CountedCalls, "with a retry count of zero it calls once") {
  loop.run([&] {
    auto failing = RetryDecorator<Unreachable>{{.max_retry_count = 0}}([&] {
      ++calls;
      throw Unreachable("no");
    });
    CHECK_THROWS_AS(failing(), Unreachable);
    CHECK(calls == 1);
  });
}

TEST_CASE_FIXTURE(CountedCalls, "a kill ends the sleep between two retries") {
  loop.run([&] {
    auto failing = RetryDecorator<Unreachable>{}([&] {
      ++calls;
      throw Unreachable("no");
    });
    const thane::Fiber fiber = loop.spawn([&] { failing(); });
    thane::this_fiber::sleep_for(1s);
    fiber.kill();
    fiber.wait();
    CHECK(calls == 1);
    CHECK(elapsed() == 1s);
  });
}

}  // namespace
