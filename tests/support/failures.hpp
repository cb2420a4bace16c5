// How many checks have failed, so that a failing test can show what its programs printed.
#pragma once

#include <cstddef>

namespace thane::testing {

[[nodiscard]] std::size_t failures_so_far() noexcept;

}  // namespace thane::testing
