// Random histories: whatever happens in whatever order, a parent forks nothing after a stop, ends
// once, never spins, and when the trouble has ceased everything runs that should.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "supervisor_world.hpp"
#include "support/time_limit.hpp"
#include "support/workers.hpp"

using namespace std::chrono_literals;
using thane::GiveUp;
using thane::Restart;
using thane::RestartPolicy;
using thane::RestartStrategy;
using thane::internal::Death;
using thane::internal::Pulse;
using thane::internal::Stop;
using thane::internal::Supervisor;
using thane::testing::sanitized;
using thane::testing::World;

namespace {

class History {
 public:
  explicit History(unsigned seed)
      : random_(seed),
        services_(some_services()),
        world_{services_, some_restart(), some_limits()} {}

  void run(int events) {
    for (int i = 0; i < events && !world_.finished; ++i) something_happens();
  }

  /// From now on nobody fails: whoever is told to end does, whoever starts gets ready.
  void let_settle() {
    world_.fork_fails = false;
    world_.config_error.clear();
    world_.pulses.clear();
    for (int step = 0; step < 600 && !world_.finished; ++step) {
      for (const World::Key key : keys()) {
        if (world_.living.contains(key)) behave(key);
      }
      if (!world_.finished) world_.pass(500ms);
    }
  }

  void check_settled() {
    CAPTURE(world_.status);
    CAPTURE(world_.lines.back());
    if (stopped_ || world_.finished) {
      CHECK(world_.finished);
      CHECK(world_.living.empty());
      return;
    }
    CHECK(world_.status.find("reloading") == std::string::npos);
    CHECK(world_.status.find("rolling") == std::string::npos);
    CHECK(world_.status.find("held back") == std::string::npos);
    CHECK(world_.count("reload started") ==
          world_.count("reload finished") + world_.count("reload failed"));
    check_places();
    world_.stop(Stop::graceful);
    for (int round = 0; round < 10; ++round) {
      for (const World::Key key : keys()) {
        if (world_.living.contains(key)) behave(key);
      }
    }
    CHECK(world_.finished);
  }

 private:
  // Each service has as many workers as are told of it: running, ended or given up.
  void check_places() {
    std::size_t running = 0;
    std::size_t at = world_.status.find(", ");
    for (std::size_t service = 0; service < services_.size(); ++service) {
      const std::string name = ", " + services_[service].name + " ";
      at = world_.status.find(name);
      REQUIRE(at != std::string::npos);
      int ready = 0;
      int wanted = 0;
      int ended = 0;
      REQUIRE(std::sscanf(world_.status.c_str() + at + name.size(), "%d/%d", &ready, &wanted) == 2);
      const std::size_t end = std::min(world_.status.find(", ", at + 1), world_.status.size());
      const std::string words = world_.status.substr(at, end - at);
      if (const auto found = words.find(" ("); found != std::string::npos) {
        std::sscanf(words.c_str() + found, " (%d ended)", &ended);
      }
      const bool degraded = words.find("degraded") != std::string::npos;
      const bool waits = std::ranges::any_of(services_[service].after, [&](std::size_t earlier) {
        return world_.status.find(", " + services_[earlier].name + " 0/") != std::string::npos ||
               world_.status.find("degraded") != std::string::npos;
      });
      CHECK((ready + ended == wanted || degraded || waits));
      running += static_cast<std::size_t>(ready);
    }
    CHECK(world_.living.size() == running);  // And nobody else is left.
  }

  void something_happens() {
    const auto all = keys();
    const World::Key key = all.empty() ? 0 : all[below(all.size())];
    switch (below(16)) {
      case 0:
      case 1:
      case 2:
        if (key != 0) behave(key);
        return;
      case 3:
      case 4:
        if (key != 0) world_.dies(key, some_death());
        return;
      case 5:
        for (int count = one_of(1, 1, 1, 5); count > 0; --count) world_.reload();
        return;
      case 6:
        for (int& workers : world_.wanted_workers) workers = 1 + static_cast<int>(below(4));
        return;
      case 7:
        world_.config_error = one_of("", "", "", "a typo");
        return;
      case 8:
        world_.fork_fails = one_of(false, false, true);
        return;
      case 9:
        if (key != 0) world_.wants_recycling(key);
        return;
      case 10:
        if (key != 0) world_.hung_up(key);
        return;
      case 11:
        if (key != 0) world_.pulses[key] = Pulse{.tick = world_.now};
        return;
      case 12:
        world_.supervisor.set_limits(some_limits(), world_.now);
        return;
      case 13:
        if (below(20) == 0) {
          stopped_ = true;
          world_.stop(one_of(Stop::graceful, Stop::graceful, Stop::fast));
        }
        return;
      default:
        world_.pass(one_of(1ms, 30ms, 300ms, 3000ms, 40'000ms));
    }
  }

  // What a healthy process does next.
  void behave(World::Key key) {
    const auto signals = world_.signals_of(key);
    if (!signals.empty()) {
      const bool deadly = signals.back() == SIGKILL || signals.back() == SIGABRT;
      world_.dies(key, deadly ? Death{.signal = signals.back()} : Death{});
      return;
    }
    world_.ready(key);
    if (world_.living.contains(key) && std::exchange(world_.told_to_mutate[key], 0) > 0) {
      world_.mutated(key, below(10) == 0 ? "no" : "");
    }
  }

  [[nodiscard]] std::vector<World::Key> keys() const {
    return {world_.living.begin(), world_.living.end()};
  }
  [[nodiscard]] std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random_);
  }
  template <class T, class... More>
  [[nodiscard]] T one_of(T first, More... more) {
    const T all[] = {first, more...};
    return all[below(1 + sizeof...(more))];
  }

  std::vector<Supervisor::Service> some_services() {
    std::vector<Supervisor::Service> services(1 + below(3));
    for (std::size_t i = 0; i < services.size(); ++i) {
      Supervisor::Service& service = services[i];
      service.name = std::string{"abc"[i]};
      service.workers = 1 + static_cast<int>(below(3));
      if (i > 0 && below(2) == 0) service.after = {below(i)};
      service.restart = one_of(RestartPolicy::permanent, RestartPolicy::permanent,
                               RestartPolicy::transient, RestartPolicy::temporary);
      service.strategy = one_of(RestartStrategy::one_for_one, RestartStrategy::one_for_one,
                                RestartStrategy::one_for_all, RestartStrategy::rest_for_one);
      service.max_restarts = one_of(0, 0, 3, 10);
      service.give_up = one_of(GiveUp::degrade, GiveUp::degrade, GiveUp::escalate);
    }
    return services;
  }
  Restart some_restart() { return one_of(Restart::reload, Restart::reload, Restart::mutate); }
  Supervisor::Limits some_limits() {
    return {.graceful_shutdown_timeout = one_of(0s, 1s, 60s),
            .worker_boot_timeout = one_of(1s, 60s),
            .worker_timeout = one_of(0s, 1s, 30s),
            .max_generations = one_of(2, 3, 3),
            .max_unavailable = one_of(0, 0, 0, 2)};
  }
  Death some_death() {
    return one_of(Death{}, Death{.status = 1}, Death{.status = 1}, Death{.signal = SIGKILL});
  }

  std::minstd_rand random_;
  std::vector<Supervisor::Service> services_;
  World world_;
  bool stopped_ = false;
};

TEST_CASE("after any history everything runs that should, and a stop ends it") {
  const auto histories = static_cast<unsigned>(thane::testing::repeated(sanitized ? 100 : 2000));
  for (unsigned seed = 1; seed <= histories; ++seed) {
    CAPTURE(seed);
    History history{seed};
    history.run(static_cast<int>(10 + seed % 200));
    history.let_settle();
    history.check_settled();
  }
}

}  // namespace
