#include <fmt/chrono.h>
#include <fmt/format.h>

#include <iterator>
#include <string>

#include <thane/fiber_loop.hpp>

#include "backtrace.hpp"
#include "loop_impl.hpp"

namespace thane {

using internal::Backtrace;
using internal::FiberContext;

namespace {

std::string state_of(const FiberContext& fiber, TimePoint now) {
  switch (fiber.state()) {
    case FiberContext::State::running:
      return "running";
    case FiberContext::State::ready:
      return fiber.started() ? "ready" : "ready, not yet started";
    case FiberContext::State::done:
      return "done";
    case FiberContext::State::waiting:
      break;
  }
  const internal::Wait& wait = *fiber.waits_for();
  if (wait.deadline == never) {
    return fmt::format("waiting: {}", wait.what);
  }
  using Seconds = std::chrono::duration<double>;
  return fmt::format("waiting: {}, {:.3f} s left", wait.what, Seconds(wait.deadline - now).count());
}

std::string stack_of(FiberContext& fiber) {
  Backtrace backtrace;
  if (&fiber == FiberContext::running()) {
    Backtrace::capture(&backtrace);
  } else if (!fiber.visit(&Backtrace::capture, &backtrace)) {
    return {};
  }
  return to_text(backtrace);
}

}  // namespace

std::string FiberLoop::dump() const {
  std::string text = fmt::format("fibers: {}\n", impl_->fibers());
  for (FiberContext* fiber = impl_->oldest_fiber(); fiber != nullptr; fiber = fiber->newer) {
    fmt::format_to(std::back_inserter(text), "fiber {} {}: {}{}\n", fiber->id,
                   fiber->name.empty() ? "(no name)" : fiber->name, state_of(*fiber, impl_->now()),
                   fiber->killed() ? ", killed" : "");
    text += stack_of(*fiber);
  }
  return text;
}

}  // namespace thane
