// Which sanitizer this is built with, and what it has to be told about stacks.
#pragma once

#include <cstddef>

#if defined(__has_feature)  // clang
#if __has_feature(address_sanitizer)
#define THANE_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define THANE_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)  // g++
#define THANE_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define THANE_TSAN 1
#endif

#if defined(THANE_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(THANE_TSAN)
#include <sanitizer/tsan_interface.h>
#endif
#if defined(THANE_VALGRIND)
#include <valgrind/valgrind.h>
#endif

namespace thane::internal {

/// Forgets what a fiber left on its stack: its outermost frames never return.
inline void unpoison([[maybe_unused]] void* begin, [[maybe_unused]] std::size_t size) noexcept {
#if defined(THANE_ASAN)
  __asan_unpoison_memory_region(begin, size);
#endif
}

}  // namespace thane::internal
