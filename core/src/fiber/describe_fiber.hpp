// A fiber as a line of text.
#pragma once

#include <span>
#include <string_view>

#include <thane/clock.hpp>

namespace thane::internal {

class FiberContext;

/// `fiber 7 poll: waiting: event, 0.120 s left`; in `out`. Safe in signal handlers.
[[nodiscard]] std::string_view describe_fiber(const FiberContext& fiber, TimePoint now,
                                              std::span<char> out) noexcept;

}  // namespace thane::internal
