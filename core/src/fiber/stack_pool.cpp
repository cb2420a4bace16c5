#include "stack_pool.hpp"

#include <fmt/core.h>
#include <sys/mman.h>

#include <algorithm>
#include <fstream>
#include <new>
#include <stdexcept>

#include "page_size.hpp"
#include "sanitizers.hpp"

namespace thane::internal {

namespace {

constexpr std::size_t stacks_per_slab = 64;
constexpr int madv_guard_install = 102;  // The headers of Debian 12 are older than the call.

void* map(std::size_t bytes) noexcept {
  return ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
}

std::size_t count_mappings() {
  std::ifstream maps{"/proc/self/maps"};
  std::size_t lines = 0;
  for (std::string line; std::getline(maps, line);) {
    ++lines;
  }
  return lines;
}

}  // namespace

GuardMethod best_guard_method() noexcept {
#if defined(THANE_VALGRIND)
  return GuardMethod::mprotect;  // valgrind 3.19 does not know guard regions and crashes on them.
#else
  const std::size_t page = page_size();
  void* probe = map(page);
  if (probe == MAP_FAILED) {
    return GuardMethod::mprotect;
  }
  const bool works = ::madvise(probe, page, madv_guard_install) == 0;
  ::munmap(probe, page);
  return works ? GuardMethod::madvise : GuardMethod::mprotect;
#endif
}

std::size_t mprotect_stack_limit() {
  std::size_t max_map_count = 65530;  // The kernel's default, where /proc is not mounted.
  std::ifstream{"/proc/sys/vm/max_map_count"} >> max_map_count;
  constexpr std::size_t spare = 1024;  // For what the program maps later: malloc, threads, files.
  const std::size_t used = count_mappings() + spare;
  return max_map_count > used ? (max_map_count - used) / 2
                              : 0;  // A stack and its guard: 2 mappings.
}

StackPool::StackPool(std::size_t stack_size, GuardMethod method)
    : page_(page_size()),
      size_((stack_size + page_ - 1) / page_ * page_),
      method_(method),
      limit_(method == GuardMethod::mprotect ? mprotect_stack_limit() : std::size_t{0}),
      slab_bytes_((size_ + page_) * stacks_per_slab) {}

StackPool::~StackPool() {
  for (void* slab : slabs_) {
    ::munmap(slab, slab_bytes_);
  }
}

Stack StackPool::take() {
  if (warm_.empty() && cold_.empty()) {
    map_slab();
  }
  auto& unused = warm_.empty() ? cold_ : warm_;
  char* bottom = unused.back();
  unused.pop_back();
  return {bottom, size_};
}

void StackPool::give_back(Stack stack) noexcept {
  unpoison(stack.bottom, stack.size);
  if (warm_.size() < cache) {
    warm_.push_back(stack.bottom);  // Never allocates: map_slab() reserved room.
    return;
  }
  ::madvise(stack.bottom, stack.size, MADV_DONTNEED);
  cold_.push_back(stack.bottom);
}

void StackPool::map_slab() {
  if (method_ == GuardMethod::mprotect && made_ + stacks_per_slab > limit_) {
    throw std::runtime_error(fmt::format(
        "cannot make more than {} fibers: each guarded stack takes two memory mappings of the "
        "process; raise vm.max_map_count or use Linux 6.13 or later",
        made_));
  }
  warm_.reserve(std::min(cache, made_ + stacks_per_slab));
  cold_.reserve(std::max(cold_.capacity(), made_ + stacks_per_slab));
  slabs_.reserve(slabs_.size() + 1);

  void* slab = map(slab_bytes_);
  if (slab == MAP_FAILED) {
    throw std::bad_alloc();
  }
  slabs_.push_back(slab);
  ::madvise(slab, slab_bytes_, MADV_NOHUGEPAGE);  // One touched page must not become 2 MiB.

  char* piece = static_cast<char*>(slab) + slab_bytes_;
  for (std::size_t i = 0; i < stacks_per_slab; ++i) {
    piece -= size_ + page_;
    const int failed = method_ == GuardMethod::madvise ? ::madvise(piece, page_, madv_guard_install)
                                                       : ::mprotect(piece, page_, PROT_NONE);
    if (failed != 0) {
      throw std::bad_alloc();  // Those already made are in cold_ and usable.
    }
    cold_.push_back(piece + page_);
    ++made_;
  }
}

}  // namespace thane::internal
