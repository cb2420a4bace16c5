// Tests of what only root may do.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

namespace thane::testing {

/// Some tests need root to `what_for`. Without it they say so and count as passed.
inline bool is_root(const char* what_for) {
  if (::geteuid() != 0) {
    MESSAGE("not tested: only root may ", what_for);
  }
  return ::geteuid() == 0;
}

}  // namespace thane::testing
