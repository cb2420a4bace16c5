#include <thane/internal/fork_count.hpp>

#include <pthread.h>

#include <atomic>

namespace thane::internal {

namespace {

std::atomic<unsigned> forks{0};

[[maybe_unused]] const int counting =
    ::pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });

}  // namespace

unsigned fork_count() noexcept {
  return forks.load(std::memory_order_relaxed);
}

}  // namespace thane::internal
