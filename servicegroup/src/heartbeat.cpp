#include <thane/servicegroup/heartbeat.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <thane/fiber.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/internal/describe_exception.hpp>
#include <thane/log.hpp>
#include <thane/thread_group.hpp>
#include <utility>

#include "turns.hpp"

namespace thane::servicegroup {

namespace {

constexpr const char* reason_of_new = "New service disabled due to config option.";  // nova's.

Member checked(Member member) {
  if (member.host.empty() || member.binary.empty()) {
    throw std::invalid_argument("a service record needs a host and a binary");
  }
  return member;
}

}  // namespace

class Heartbeat::Impl {
 public:
  Impl(std::shared_ptr<Store> store, Member member, const Settings& settings)
      : store_(std::move(store)),
        member_(checked(std::move(member))),
        settings_(settings),
        turns_(settings.report_interval) {}

  void start() {
    joined_ = false;
    fibers_.spawn([this] { run(); }, "heartbeat");
  }

  void stop() noexcept { fibers_.kill(); }

  void wait() {
    fibers_.wait();
    store_->disconnect();
  }

  [[nodiscard]] bool disconnected() const noexcept { return disconnected_; }

 private:
  void run() {
    FiberLoop& loop = FiberLoop::current();
    for (TimePoint next = loop.now();; next = std::max(next, loop.now())) {
      beat(loop.now());
      next += settings_.report_interval;
      this_fiber::sleep_until(next);
    }
  }

  void beat(TimePoint now) {
    try {
      if (!joined_) {
        turns_.take(now);
        join();
      } else if (turns_.try_take(now)) {
        report();
      } else {
        store_->disconnect();  // Another worker reports for us.
        return;
      }
      if (std::exchange(disconnected_, false)) {
        log::info("recovered from being unable to report service status of {} on {}",
                  member_.binary, member_.host);
      }
    } catch (const std::exception& error) {
      if (!std::exchange(disconnected_, true)) {
        log::warning("unable to report service status of {} on {}: {}", member_.binary,
                     member_.host, error.what());
      }
    }
  }

  void join() {
    Change first;
    if (!settings_.enable_new_services) first = disable(reason_of_new);
    store_->join(member_, first);
    joined_ = true;
  }

  void report() {
    if (store_->report(member_.host, member_.binary)) return;
    log::warning("the service record of {} on {} is gone, and is made anew", member_.binary,
                 member_.host);
    join();
  }

  std::shared_ptr<Store> store_;
  Member member_;
  Settings settings_;
  internal::Turns turns_;
  bool joined_ = false;
  bool disconnected_ = false;
  ThreadGroup fibers_{1};
};

Heartbeat::Heartbeat(std::shared_ptr<Store> store, Member member, const Settings& settings)
    : impl_(std::make_unique<Impl>(std::move(store), std::move(member), settings)) {}

Heartbeat::~Heartbeat() = default;

void Heartbeat::start() {
  impl_->start();
}

void Heartbeat::stop() noexcept {
  impl_->stop();
}

void Heartbeat::wait() {
  impl_->wait();
}

bool Heartbeat::disconnected() const noexcept {
  return impl_->disconnected();
}

}  // namespace thane::servicegroup
