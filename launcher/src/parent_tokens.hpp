// What an epoll event of the parent is about.
#pragma once

#include <cstdint>

#include "supervisor_types.hpp"

namespace thane::internal {

// A signal, the time, or a worker by its key, on one of its two descriptors.
constexpr std::uint64_t signal_token = 0;
constexpr std::uint64_t timer_token = 1;
constexpr std::uint64_t stdio_token = ~std::uint64_t{0};  // What any of them prints.
constexpr std::uint64_t pidfd_token(WorkerKey key) {
  return key * 2;
}
constexpr std::uint64_t channel_token(WorkerKey key) {
  return key * 2 + 1;
}

}  // namespace thane::internal
