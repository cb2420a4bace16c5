#include <fmt/core.h>

#include <array>
#include <string>

#include <thane/fiber_loop.hpp>

#include "backtrace.hpp"
#include "describe_fiber.hpp"
#include "loop_impl.hpp"

namespace thane {

using internal::Backtrace;
using internal::FiberContext;

namespace {

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
    std::array<char, 500> line;
    text.append(internal::describe_fiber(*fiber, impl_->now(), line)).append("\n");
    text += stack_of(*fiber);
  }
  return text;
}

}  // namespace thane
