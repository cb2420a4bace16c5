// The time by which what a driver of RabbitMQ does is limited: that of the loop it runs in.
#pragma once

#include <thane/clock.hpp>
#include <thane/fiber_loop.hpp>

namespace thane::rpc::internal::rabbit {

[[nodiscard]] inline TimePoint now() {
  return FiberLoop::current().now();
}

}  // namespace thane::rpc::internal::rabbit
