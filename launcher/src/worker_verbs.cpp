// The part of Worker that calls the verbs of its services.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include <thane/fiber_loop.hpp>
#include <thane/internal/describe_exception.hpp>
#include <thane/log.hpp>
#include <thane/timeout.hpp>

#include "hook_call.hpp"
#include "limits.hpp"
#include "worker.hpp"

namespace thane::internal {

// Calls `verb` for every service of a rank at the same time, each in a fiber of its own.
std::shared_ptr<Worker::Calls> Worker::call_all(const char* phase, const Rank& rank,
                                                const Verb& verb) {
  auto calls = std::make_shared<Calls>();
  const log::Level level = setup_.quiet ? log::Level::debug : log::Level::error;
  for (ServiceWrapper* wrapper : rank) {
    calls->fibers.push_back(FiberLoop::current().spawn(
        [calls, verb, phase, wrapper, level] {
          try {
            verb(*wrapper->service);
          } catch (const fiber_killed&) {
            throw;
          } catch (...) {
            const std::string error = fmt::format("service {} failed in {}: {}", wrapper->name,
                                                  phase, describe(std::current_exception()));
            log::write(level, "{}", error);
            if (calls->error.empty()) calls->error = error;
          }
        },
        fmt::format("{} of {}", phase, wrapper->name)));
  }
  return calls;
}

namespace {

// False if `limit` was over first.
bool wait_within(Duration limit, const std::vector<Fiber>& fibers) {
  const Timeout timeout{limit};
  try {
    for (const Fiber& fiber : fibers) {
      fiber.wait();
    }
  } catch (const timeout_error&) {
    if (!timeout.expired()) throw;
    return false;
  }
  return true;
}

}  // namespace

bool Worker::start_verb(const char* phase, const Verb& verb) {
  return std::ranges::all_of(setup_.ranks,
                             [&](const Rank& rank) { return start_verb(phase, rank, verb); });
}

bool Worker::start_verb(const char* phase, const Rank& rank, const Verb& verb) {
  if (stopping_) {
    return false;
  }
  // In a forked worker's first start the parent has the word; this is for those in place.
  const Duration limit = limit_of(limits(setup_.config).worker_boot_timeout);
  const auto calls = call_all(phase, rank, verb);
  interruptible_ = calls->fibers;
  if (!wait_within(limit, calls->fibers)) {
    calls->error =
        fmt::format("worker {} is not ready after worker_boot_timeout: {} has not returned",
                    setup_.label, phase);
    log::error("{}", calls->error);
    for (const Fiber& fiber : calls->fibers) {
      fiber.kill();
    }
    if (!wait_within(limit_of(graceful_shutdown_timeout(setup_.config)), calls->fibers)) {
      end_now(1);
    }
  }
  interruptible_.clear();
  if (!calls->error.empty() && !stopping_) {
    failed(calls->error);
  }
  return calls->error.empty() && !stopping_;
}

// What the parent is to give as reason, if this is the end.
void Worker::failed(const std::string& error) {
  error_ = error;
}

bool Worker::stop_verb(const Rank& rank, const Verb& verb) {
  const auto calls = call_all("stop", rank, verb);
  if (!wait_within(limit_of(graceful_shutdown_timeout(setup_.config)), calls->fibers)) {
    log::error("worker {} killed: graceful_shutdown_timeout pid={}", setup_.label, ::getpid());
    end_now(1);
  }
  return calls->error.empty();
}

Duration Worker::limit_of(Duration option) const {
  if (option <= Duration::zero()) {
    return Duration::max();
  }
  return setup_.channel ? option + after_parent : option;
}

bool Worker::start_all() {
  if (!setup_.channel) {
    log::info("worker {} started pid={} generation={}", setup_.label, ::getpid(),
              setup_.context.generation);
  }
  run_post_fork();
  // A worker of a later generation has a copy of services that were constructed under an earlier
  // configuration: reset() brings it up to date.
  const bool outdated = setup_.channel && setup_.context.generation > 1;
  if (error_.empty() && (!outdated || reset_services()) && start_services()) {
    return true;
  }
  if (!stopping_) {
    status_ = setup_.channel ? 1 : 3;
    if (setup_.channel) say(setup_.channel, Word::failed, error_);
    request_stop("a service could not start");
  }
  return false;
}

void Worker::run_post_fork() {
  if (!setup_.hooks.post_fork) {
    return;
  }
  try {
    setup_.hooks.post_fork(info());
  } catch (const fiber_killed&) {
    throw;
  } catch (...) {
    error_ = fmt::format("hook post_fork failed: {}", describe(std::current_exception()));
    log::error("{}", error_);
  }
}

bool Worker::reset_services() {
  return start_verb("reset", [](ServiceBase& service) { service.reset(); });
}

bool Worker::start_services() {
  return start_verb("start", [](ServiceBase& service) { service.start(); });
}

void Worker::announce_ready() {
  enter(WorkerState::running);
  watch_limits();
  if (setup_.channel) {
    say(setup_.channel, Word::ready);  // The parent writes the line, once it knows.
  } else {
    log::info("worker {} ready pid={} generation={}", setup_.label, ::getpid(),
              setup_.context.generation);
    log::info("parent ready");
    setup_.notifier->send("READY=1");
    call_hook("worker_ready", setup_.hooks.worker_ready, info());
  }
}

// In the reverse of the order in which they start.
void Worker::stop_all() {
  const Verb stop = [](ServiceBase& service) {
    std::exception_ptr error;
    try {
      service.stop();
    } catch (const fiber_killed&) {
      throw;
    } catch (...) {
      error = std::current_exception();  // What it has started ends nevertheless.
    }
    service.wait();
    if (error) {
      std::rethrow_exception(error);
    }
  };
  for (auto rank = setup_.ranks.rbegin(); rank != setup_.ranks.rend(); ++rank) {
    if (!stop_verb(*rank, stop) && status_ == 0) {
      status_ = 1;
    }
  }
}

}  // namespace thane::internal
