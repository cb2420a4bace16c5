// A loop whose time passes when all of its fibers sleep.
#pragma once

#include <thane/clock.hpp>
#include <thane/fiber_loop.hpp>

namespace thane::testing {

/// For TEST_CASE_FIXTURE; the body is what `loop` runs.
struct Simulated {
  FiberLoop loop{FiberLoop::Options{.time = Time::simulated}};
  TimePoint begun = loop.now();

  [[nodiscard]] Duration elapsed() const { return loop.now() - begun; }
};

}  // namespace thane::testing
