// TimerHeap: compared with a sorted list on random histories.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <random>
#include <vector>

#include "fiber/timer_heap.hpp"

using thane::TimePoint;
using thane::internal::Timer;
using thane::internal::TimerHeap;

namespace {

TimePoint at(int second) {
  return TimePoint{std::chrono::seconds{second}};
}
void nothing(Timer&) noexcept {}

TEST_CASE("timers come out by deadline, equal ones in the order of adding, removed ones never") {
  std::mt19937 random{7};  // NOLINT: the same history in every run.
  TimerHeap heap;
  struct Model {
    TimePoint when;
    std::unique_ptr<Timer> timer;
  };
  std::vector<Model> model;  // In the order of adding.
  for (int step = 0; step < 20'000; ++step) {
    const auto dice = random() % 10;
    if (dice < 5) {
      model.push_back({at(static_cast<int>(random() % 50)), std::make_unique<Timer>(&nothing)});
      heap.add(*model.back().timer, model.back().when);
    } else if (model.empty()) {
      CHECK(heap.empty());
    } else if (dice < 8) {
      const auto first = std::min_element(model.begin(), model.end(),
                                          [](auto& a, auto& b) { return a.when < b.when; });
      REQUIRE(heap.earliest() == first->when);
      REQUIRE(&heap.pop() == first->timer.get());
      REQUIRE_FALSE(first->timer->armed());
      model.erase(first);
    } else {
      const auto victim = model.begin() + static_cast<std::ptrdiff_t>(random() % model.size());
      heap.remove(*victim->timer);
      heap.remove(*victim->timer);  // Not there any more: nothing happens.
      REQUIRE_FALSE(victim->timer->armed());
      model.erase(victim);
    }
  }
}

}  // namespace
