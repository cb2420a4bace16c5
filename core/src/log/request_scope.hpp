// What a line says about the fiber that logs it.
#pragma once

#include <cstdint>
#include <string_view>

namespace thane::log::internal {

/// The id of the RequestScope that the calling fiber, or thread outside of fibers, is in.
[[nodiscard]] std::string_view current_request_id() noexcept;

/// 0 outside of fibers.
[[nodiscard]] std::uint64_t current_fiber_id() noexcept;

}  // namespace thane::log::internal
