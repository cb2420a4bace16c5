// A bug in the program, found: says where, and aborts. On in release builds too.
#pragma once

namespace thane::internal {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;
}  // namespace thane::internal

/// For what can only be false through a bug in the program. What can be false through its input,
/// its peers or its machine is an exception or a return value.
#define THANE_ASSERT(expression)       \
  ((expression) ? static_cast<void>(0) \
                : ::thane::internal::assertion_failed(#expression, __FILE__, __LINE__))
