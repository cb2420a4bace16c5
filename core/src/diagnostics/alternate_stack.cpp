#include "alternate_stack.hpp"

#include <sys/mman.h>
#include <unistd.h>

namespace thane::internal {

AlternateStack::AlternateStack() noexcept {
  ::sigaltstack(nullptr, &before_);
  if ((before_.ss_flags & SS_DISABLE) == 0 && before_.ss_size >= size) {
    return;
  }
  const auto guard = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* const mapped = ::mmap(nullptr, guard + size, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (mapped == MAP_FAILED) {
    return;
  }
  ::mprotect(mapped, guard, PROT_NONE);
  mapped_ = mapped;
  mapped_size_ = guard + size;
  stack_t own = {};
  own.ss_sp = static_cast<char*>(mapped) + guard;
  own.ss_size = size;
  ::sigaltstack(&own, nullptr);
}

AlternateStack::~AlternateStack() {
  if (mapped_ != nullptr) {
    ::sigaltstack(&before_, nullptr);
    ::munmap(mapped_, mapped_size_);
  }
}

}  // namespace thane::internal
