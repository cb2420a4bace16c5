// The stacks of fibers: guarded, pooled, of one size.
#pragma once

#include <cstddef>
#include <vector>

namespace thane::internal {

/// One stack, a piece of a slab. Below it lies a guard page: touching it is SIGSEGV, not silence.
struct Stack {
  char* bottom = nullptr;  ///< Lowest usable byte; the guard page ends here.
  std::size_t size = 0;

  [[nodiscard]] char* top() const noexcept { return bottom + size; }
};

/// How the guard page below each stack is made.
enum class GuardMethod {
  madvise,  ///< MADV_GUARD_INSTALL (Linux 6.13): costs no mapping, so fibers are bounded by memory.
  mprotect,  ///< Splits a mapping in two: bounded by vm.max_map_count.
};

/// What this kernel can do.
[[nodiscard]] GuardMethod best_guard_method() noexcept;

/// How many mappings of a process stacks may use: past vm.max_map_count every mmap of the process
/// fails, malloc's too, so stacks stop well before.
[[nodiscard]] std::size_t mprotect_stack_limit();

/// Hands out stacks and takes them back. Stacks are mapped in slabs, which stay mapped while the
/// pool lives; the memory of those that come back past `cache` warm ones is given to the kernel.
class StackPool {
 public:
  explicit StackPool(std::size_t stack_size, GuardMethod method = best_guard_method());
  ~StackPool();
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  /// Throws std::runtime_error past mprotect_stack_limit(), std::bad_alloc without memory.
  [[nodiscard]] Stack take();
  void give_back(Stack stack) noexcept;
  /// Gives the memory of the pages to the kernel that lie wholly below `in_use`.
  void release_below(Stack stack, const char* in_use) noexcept;

  [[nodiscard]] std::size_t guard_size() const noexcept { return page_; }

  static constexpr std::size_t cache = 1024;  ///< Stacks that keep their memory when unused.

 private:
  void map_slab();

  std::size_t page_;
  std::size_t size_;
  GuardMethod method_;
  std::size_t limit_;
  std::size_t made_ = 0;
  std::vector<char*> warm_;  // Bottoms of unused stacks: those most recently used are at the end.
  std::vector<char*> cold_;  // The same, holding no memory.
  std::vector<void*> slabs_;
  std::size_t slab_bytes_;
};

}  // namespace thane::internal
