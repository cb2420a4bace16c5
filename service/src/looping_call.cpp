#include <thane/looping_call.hpp>

#include <algorithm>
#include <exception>

#include <thane/event.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/log.hpp>

#include <thane/internal/describe_exception.hpp>
#include "cadence.hpp"
#include "loop_delays.hpp"

namespace thane {

// One start() and what came of it. Shared with the fiber, so that a LoopingCall may be destroyed by
// its own function, or outside of fibers, while the fiber still unwinds.
struct LoopingCall::Run {
  Run(std::unique_ptr<internal::Cadence> its_cadence, std::string its_name)
      : cadence(std::move(its_cadence)), name(std::move(its_name)) {}

  std::unique_ptr<internal::Cadence> cadence;
  std::string name;
  Event wake;
  bool stopped = false;
  std::any result;
  std::exception_ptr error;
  Fiber fiber;

  [[nodiscard]] bool ended() const noexcept { return !fiber || fiber.done(); }

  void loop(TimePoint due);
  void sleep_until(TimePoint when);
  TimePoint call_once(TimePoint due);
  void log_failure(const std::exception_ptr& failure) const;
};

void LoopingCall::Run::loop(TimePoint due) {
  try {
    while (!stopped) {
      sleep_until(std::min(due, cadence->deadline()));
      if (stopped) {
        break;
      }
      if (const TimePoint now = FiberLoop::current().now(); now >= cadence->deadline()) {
        cadence->give_up(now);
      }
      due = call_once(due);
    }
    result = true;
  } catch (const LoopingCallDone& done) {
    result = done.value();
  } catch (const fiber_killed&) {
    throw;
  } catch (...) {
    error = std::current_exception();
    log_failure(error);
  }
}

void LoopingCall::Run::sleep_until(TimePoint when) {
  if (when > FiberLoop::current().now()) {
    wake.wait_until(when);
  } else {
    this_fiber::yield();  // A loop that never sleeps must not keep the others from running.
  }
}

TimePoint LoopingCall::Run::call_once(TimePoint due) {
  FiberLoop& loop = FiberLoop::current();
  internal::Cadence::Call call{.due = due, .began = loop.now(), .ended = {}};
  std::exception_ptr failure;
  try {
    cadence->call();
  } catch (const LoopingCallDone&) {
    throw;
  } catch (const fiber_killed&) {
    throw;
  } catch (...) {
    if (!cadence->goes_on_after_error()) {
      throw;
    }
    failure = std::current_exception();
  }
  call.ended = loop.now();
  if (failure) {
    log_failure(failure);
    return cadence->next_after_error(call);
  }
  if (stopped) {
    return due;
  }
  const TimePoint next = cadence->next(call);
  log::write(log::Level::trace, "{} '{}' sleeping for {:.3f} seconds", cadence->kind().name, name,
             internal::in_seconds(next - call.ended));
  return next;
}

void LoopingCall::Run::log_failure(const std::exception_ptr& failure) const {
  log::error("{} '{}' failed: {}", cadence->kind().name, name, internal::describe(failure));
}

LoopingCall::LoopingCall(std::string name) : name_(std::move(name)) {}

LoopingCall::~LoopingCall() {
  if (!running() || run_->fiber == this_fiber::current()) {
    stop();
    return;
  }
  stop();
  if (!this_fiber::current() || this_fiber::killed()) {
    run_->fiber.kill();
  }
  if (this_fiber::current()) {
    const this_fiber::Mask mask;
    run_->fiber.wait();
  }
}

void LoopingCall::run(std::unique_ptr<internal::Cadence> cadence, Duration initial_delay) {
  if (running()) {
    throw std::logic_error(cadence->kind().one_at_a_time);
  }
  auto run = std::make_shared<Run>(std::move(cadence), name_);
  if (std::exchange(stopped_before_start_, false)) {
    run->result = true;
  } else {
    FiberLoop& loop = FiberLoop::current();
    const TimePoint due = deadline_after(loop.now(), std::max(initial_delay, Duration::zero()));
    run->fiber = loop.spawn([run, due] { run->loop(due); }, name_);
  }
  run_ = std::move(run);
}

void LoopingCall::stop() noexcept {
  if (!run_) {
    stopped_before_start_ = true;
    return;
  }
  run_->stopped = true;
  run_->wake.set();
}

std::any LoopingCall::wait() {
  if (!run_) {
    return std::exchange(stopped_before_start_, false) ? std::any{true} : std::any{};
  }
  const std::shared_ptr<Run> run = run_;  // It may be started again while this waits.
  if (run->fiber) {
    if (run->fiber == this_fiber::current()) {
      throw std::logic_error("looping call '" + name_ + "' waits for itself in its own function");
    }
    run->fiber.wait();
  }
  if (run->error) {
    std::rethrow_exception(run->error);
  }
  return run->result;
}

bool LoopingCall::running() const noexcept {
  return run_ && !run_->ended();
}

void LoopingCall::link(std::function<void()> callback) const {
  if (!running()) {
    callback();
    return;
  }
  run_->fiber.link([callback = std::move(callback)](const Fiber&) { callback(); });
}

Fiber LoopingCall::fiber() const noexcept {
  return run_ ? run_->fiber : Fiber{};
}

}  // namespace thane
