// The part of Worker that answers SIGHUP to this process: its services start again in place, or
// take up what may change.
#include <fmt/core.h>

#include <charconv>
#include <exception>
#include <stdexcept>
#include <utility>

#include <thane/internal/describe_exception.hpp>
#include <thane/log.hpp>

#include "signals.hpp"
#include "worker.hpp"

namespace thane::internal {

void Worker::restart_all() {
  ++setup_.context.generation;
  enter(WorkerState::starting);
  // In a worker this is its own affair; the lines of the whole service are the parent's.
  const std::string who = setup_.channel ? fmt::format("worker {} ", setup_.label) : "";
  log::set_process_context(setup_.context);
  log::info("{}reload started generation={}", who, setup_.context.generation);
  if (!setup_.channel) setup_.notifier->send(reloading(SteadyClock::now()));
  try {
    const auto wanted = setup_.config.load();
    if (!setup_.channel && setup_.hooks.on_reload) {
      setup_.hooks.on_reload(setup_.context.generation);
    }
    if (setup_.restart == Restart::mutate) {
      mutate(wanted);
    } else {
      reload(wanted);
    }
  } catch (const std::exception& error) {
    log::error("{}reload failed generation={} reason={}", who, setup_.context.generation,
               error.what());
    tell_reloaded();
    return;
  }
  if (!stopping_) {
    log::info("{}reload finished generation={}", who, setup_.context.generation);
    tell_reloaded();
  }
}

void Worker::tell_reloaded() {
  if (!stopping_) enter(WorkerState::running);
  if (!setup_.channel && !stopping_) setup_.notifier->send("READY=1");
}

void Worker::reload(const std::shared_ptr<const Snapshot>& wanted) {
  arm_hard_limit();
  stop_all();
  if (stopping_) {
    return;
  }
  disarm_hard_limit();
  const auto before = setup_.config.snapshot();
  setup_.config.install(wanted);
  follow_configuration();
  if ((reset_services() && start_services()) || stopping_) {
    return;
  }
  // What was started of it is stopped again, and all is as it was.
  stop_all();
  setup_.config.install(before);
  follow_configuration();
  (void)reset_services();  // It may be what always fails: that is no reason to serve nobody.
  if (!start_services() && !stopping_) {
    status_ = setup_.channel ? 1 : 3;
    request_stop("neither the new nor the old configuration can be started");
  }
  throw std::runtime_error(
      "a service failed in reset or start, see above; the old configuration stays");
}

// What the parent has read for all: only it says how the whole went.
void Worker::take_up_mutation() {
  const Message message = *std::exchange(mutation_, std::nullopt);
  std::from_chars(message.text.data(), message.text.data() + message.text.size(),
                  setup_.context.generation);
  log::set_process_context(setup_.context);
  enter(WorkerState::running);
  std::string error;
  try {
    mutate(setup_.config.unpack(content_of(message.file)));
  } catch (const fiber_killed&) {
    throw;
  } catch (...) {
    error = describe(std::current_exception());
  }
  say(setup_.channel, Word::mutated, error);
}

void Worker::mutate(const std::shared_ptr<const Snapshot>& wanted) {
  const auto before = setup_.config.snapshot();
  setup_.config.mutate(wanted);
  follow_configuration();
  if (!reset_services() && !stopping_) {
    setup_.config.install(before);
    follow_configuration();
    throw std::runtime_error("a service failed in reset, see above; the old configuration stays");
  }
}

}  // namespace thane::internal
