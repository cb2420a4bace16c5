#include "describe_fiber.hpp"

#include <array>
#include <chrono>

#include "diagnostics/format_into.hpp"
#include "fiber_context.hpp"

namespace thane::internal {

namespace {

std::string_view state_of(const FiberContext& fiber, TimePoint now, std::span<char> out) noexcept {
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
  const Wait* const wait = fiber.waits_for();
  if (wait == nullptr) {
    return "waiting";  // A handler has come in between.
  }
  if (wait->deadline == never) {
    return format_into(out, "waiting: {}", wait->what);
  }
  using std::chrono::milliseconds;
  const auto left = std::chrono::duration_cast<milliseconds>(wait->deadline - now).count();
  return left >= 0 ? format_into(out, "waiting: {}, {}.{:03} s left", wait->what, left / 1000,
                                 left % 1000)
                   : format_into(out, "waiting: {}, its time is over", wait->what);
}

}  // namespace

std::string_view describe_fiber(const FiberContext& fiber, TimePoint now,
                                std::span<char> out) noexcept {
  std::array<char, 200> state;
  return format_into(out, "fiber {} {}: {}{}", fiber.id, fiber.shown_name(),
                     state_of(fiber, now, state), fiber.killed() ? ", killed" : "");
}

}  // namespace thane::internal
