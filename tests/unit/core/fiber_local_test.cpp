// FiberLocal: to each fiber its own.
#include <doctest/doctest.h>

#include <memory>
#include <string>

#include <thane/fiber_local.hpp>
#include <thane/fiber_loop.hpp>

#include "support/simulated.hpp"

using thane::Fiber;
using thane::FiberLocal;
using thane::FiberLoop;
using thane::testing::Simulated;
namespace this_fiber = thane::this_fiber;

namespace {

TEST_CASE_FIXTURE(Simulated, "each fiber has a value of its own") {
  FiberLocal<std::string> name;
  FiberLocal<int> number{[] { return 42; }};
  std::string log;
  loop.run([&] {
    CHECK(number.find() == nullptr);
    for (const char* text : {"a", "b"}) {
      loop.spawn([&, text] {
        *name = text;
        ++*number;
        this_fiber::yield();
        log += *name + std::to_string(*number) + ' ';
      });
    }
    this_fiber::yield();
    this_fiber::yield();
    CHECK(name->empty());
    CHECK(*number == 42);
  });
  CHECK(log == "a43 b43 ");
}

TEST_CASE_FIXTURE(Simulated, "a value is destroyed when its fiber ends, or by reset()") {
  auto local = std::make_unique<FiberLocal<std::shared_ptr<int>>>();
  const auto shared = std::make_shared<int>(1);
  loop.run([&] {
    const Fiber fiber = loop.spawn([&] {
      **local = shared;
      this_fiber::yield();
    });
    this_fiber::yield();
    CHECK(shared.use_count() == 2);
    fiber.wait();
    CHECK(shared.use_count() == 1);

    **local = shared;
    local->reset();
    CHECK(shared.use_count() == 1);

    **local = shared;
    local.reset();  // The value lives as long as the fiber.
    CHECK(shared.use_count() == 2);
  });
  CHECK(shared.use_count() == 1);
}

TEST_CASE("outside of fibers there is no value") {
  FiberLocal<int> local;
  CHECK(local.find() == nullptr);
}

}  // namespace
