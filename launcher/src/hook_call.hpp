// Calls of the application's hooks whose failure changes nothing.
#pragma once

#include <exception>

#include <thane/fiber.hpp>
#include <thane/internal/describe_exception.hpp>
#include <thane/log.hpp>

namespace thane::internal {

/// Logs what comes out of it. An empty hook is nothing.
template <class Hook, class... Args>
void call_hook(const char* name, const Hook& hook, const Args&... args) {
  if (!hook) {
    return;
  }
  try {
    hook(args...);
  } catch (const fiber_killed&) {
    throw;
  } catch (...) {
    log::error("hook {} failed: {}", name, describe(std::current_exception()));
  }
}

}  // namespace thane::internal
