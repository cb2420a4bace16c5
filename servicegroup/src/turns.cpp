#include "turns.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <new>
#include <system_error>

namespace thane::servicegroup::internal {

namespace {

std::int64_t count_of(TimePoint time) noexcept {
  return time.time_since_epoch().count();
}

}  // namespace

// A beat may come a little early after one that was late.
Turns::Turns(Duration interval) : nearly_(interval - interval / 20), last_(nullptr) {
  void* const memory =
      ::mmap(nullptr, sizeof(Last), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  last_ = new (memory) Last{0};
}

Turns::~Turns() {
  ::munmap(last_, sizeof(Last));
}

bool Turns::try_take(TimePoint now) noexcept {
  std::int64_t last = last_->load(std::memory_order_relaxed);
  if (count_of(now) - last < nearly_.count()) return false;
  return last_->compare_exchange_strong(last, count_of(now), std::memory_order_relaxed);
}

void Turns::take(TimePoint now) noexcept {
  last_->store(count_of(now), std::memory_order_relaxed);
}

}  // namespace thane::servicegroup::internal
