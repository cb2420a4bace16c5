// The part of Worker that runs beside its services: signs of life, and limits of its own life.
#include <algorithm>
#include <random>

#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/log.hpp>

#include "limits.hpp"
#include "worker.hpp"

namespace thane::internal {

using namespace std::chrono_literals;

namespace {

// What the parent waits for comes three times as often; a loop that is busy ticks by itself.
constexpr int beats_per_timeout = 3;
// How often the limits are looked at that nothing tells of; to the timeout of nobody.
constexpr Duration between_looks = 1s;
constexpr Duration without_limit = 3600s;

// That this process has passed max_requests. Only one Worker lives in a process.
Event* enough_requests = nullptr;

void on_enough_requests() noexcept {
  enough_requests->set();
}

}  // namespace

// A loop that turns has ticked: to wake up is enough.
void Worker::beat() {
  for (;;) {
    Duration pause = without_limit;
    if (setup_.channel) {
      const Duration timeout = worker_timeout(setup_.config);
      if (timeout > Duration::zero()) pause = timeout / beats_per_timeout;
    } else {
      pause = setup_.notifier->watchdog_interval();
      setup_.notifier->send("WATCHDOG=1");
    }
    beat_.clear();
    (void)beat_.wait_for(pause);
  }
}

// Alone: a service manager must not take a long drain for a failed one.
void Worker::ask_for_patience() {
  for (;;) {
    setup_.notifier->send(patience());
    this_fiber::sleep_for(patience_interval);
  }
}

// Asks the parent for a successor when a limit is passed; alone there is nobody to ask.
void Worker::watch_limits() {
  if (!setup_.channel) {
    return;
  }
  recycling_.emplace(recycle_limits(setup_.config), std::random_device{});
  if (!recycling_->any()) {
    return;
  }
  enough_requests = &limit_reached_;
  on_requests(recycling_->limits().requests, on_enough_requests);
  FiberLoop::current().spawn(
      [this] {
        const RecycleLimits& limits = recycling_->limits();
        for (;;) {
          const Duration age = SteadyClock::now() - started_;
          const std::uint64_t rss = limits.rss_kib > 0 ? resident_kib() : 0;
          const std::string limit = recycling_->passed(own_slot().requests.load(), age, rss);
          if (!limit.empty()) {
            say(setup_.channel, Word::recycle, limit);
            return;
          }
          Duration pause = without_limit;
          if (limits.lifetime > Duration::zero()) pause = std::min(pause, limits.lifetime - age);
          if (limits.rss_kib > 0) pause = std::min(pause, between_looks);
          (void)limit_reached_.wait_for(pause);
        }
      },
      "limits");
}

}  // namespace thane::internal
