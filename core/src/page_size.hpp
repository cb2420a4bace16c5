// How large the kernel's pages of memory are.
#pragma once

#include <unistd.h>

#include <cstddef>

namespace thane::internal {

inline std::size_t page_size() noexcept {
  return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace thane::internal
