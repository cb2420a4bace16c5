// StackPool: guarded stacks, reused.
#include <doctest/doctest.h>

#include <cstring>
#include <stdexcept>
#include <vector>

#include "fiber/stack_pool.hpp"

using thane::internal::GuardMethod;
using thane::internal::Stack;
using thane::internal::StackPool;

namespace {

TEST_CASE("a stack that was given back is the next to be taken") {
  StackPool pool{64 * 1024};
  const Stack first = pool.take();
  CHECK(first.size == 64 * 1024);
  std::memset(first.bottom, 1, first.size);
  pool.give_back(first);
  const Stack second = pool.take();
  CHECK(second.bottom == first.bottom);
  pool.give_back(second);
}

TEST_CASE("what lies below the pages in use is given back, and the rest of the stack is not") {
  StackPool pool{64 * 1024};
  const Stack stack = pool.take();
  std::memset(stack.bottom, 1, stack.size);
  const char* const in_use = stack.top() - 5000;
  pool.release_below(stack, in_use);
  CHECK(stack.bottom[0] == 0);
  CHECK(stack.top()[-8193] == 0);
  CHECK(stack.top()[-8192] == 1);  // Shares its page with what is in use.
  CHECK(stack.top()[-1] == 1);
  pool.release_below(stack, stack.bottom);
  pool.give_back(stack);
}

TEST_CASE("sizes are rounded up to whole pages") {
  StackPool pool{10'000};
  const Stack stack = pool.take();
  CHECK(stack.size >= 10'000);
  CHECK(stack.size % 4096 == 0);
  pool.give_back(stack);
}

#if !defined(__SANITIZE_THREAD__)  // It needs mappings of its own for each stack, and dies.
TEST_CASE("past the limit of mappings a sentence says what to do, and all else goes on working") {
  StackPool pool{8 * 1024, GuardMethod::mprotect};
  const std::size_t limit = thane::internal::mprotect_stack_limit();
  std::vector<Stack> stacks;
  CHECK_THROWS_WITH_AS(
      [&] {
        while (stacks.size() <= limit + 64) {
          stacks.push_back(pool.take());
        }
      }(),
      doctest::Contains("raise vm.max_map_count"), std::runtime_error);
  CHECK(stacks.size() + 64 > limit);
  CHECK(std::vector<char>(10'000'000).size() == 10'000'000);  // A mapping of its own.
  for (const Stack& stack : stacks) {
    pool.give_back(stack);
  }
}
#endif

TEST_CASE("forty thousand stacks are no problem for a kernel with guard regions") {
  if (thane::internal::best_guard_method() != GuardMethod::madvise) {
    MESSAGE("this kernel has none");
    return;
  }
  StackPool pool{16 * 1024};
  std::vector<Stack> stacks;
  for (int i = 0; i < 40'000; ++i) {
    stacks.push_back(pool.take());
    *(stacks.back().top() - 1) = 'x';
  }
  for (const Stack& stack : stacks) {
    pool.give_back(stack);
  }
}

}  // namespace
