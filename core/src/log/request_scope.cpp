#include "request_scope.hpp"

#include <string>
#include <thane/fiber.hpp>
#include <thane/fiber_local.hpp>
#include <thane/log.hpp>
#include <utility>

namespace thane::log {

namespace {

// Never destroyed: destructors of static objects may log.
FiberLocal<std::string>& fiber_request_id() {
  static auto& instance = *new FiberLocal<std::string>;
  return instance;
}

thread_local std::string thread_request_id;

std::string& own_request_id() {
  return this_fiber::current() ? fiber_request_id().get() : thread_request_id;
}

}  // namespace

namespace internal {

std::string_view current_request_id() noexcept {
  if (!this_fiber::current()) {
    return thread_request_id;
  }
  const std::string* id = fiber_request_id().find();
  return id != nullptr ? std::string_view{*id} : std::string_view{};
}

std::uint64_t current_fiber_id() noexcept {
  const Fiber fiber = this_fiber::current();
  return fiber ? fiber.id() : 0;
}

}  // namespace internal

std::string_view request_id() noexcept {
  return internal::current_request_id();
}

RequestScope::RequestScope(std::string request_id)
    : previous_(std::exchange(own_request_id(), std::move(request_id))) {}

RequestScope::~RequestScope() {
  own_request_id() = std::move(previous_);
}

}  // namespace thane::log
