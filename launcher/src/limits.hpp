// The launcher's own options, read by name in this one place.
#pragma once

#include <thane/clock.hpp>
#include <thane/config.hpp>
#include <thane/launch_options.hpp>

#include "recycling.hpp"
#include "supervisor.hpp"

namespace thane::internal {

/// A forked worker gives its parent this much time to end it and to say so; alone it is on time.
inline constexpr std::chrono::milliseconds after_parent{300};

/// Zero: for ever.
[[nodiscard]] Duration graceful_shutdown_timeout(const Config& config);
[[nodiscard]] Duration worker_timeout(const Config& config);
[[nodiscard]] Duration stall_warning(const Config& config);
[[nodiscard]] RecycleLimits recycle_limits(const Config& config);
[[nodiscard]] Supervisor::Limits limits(const Config& config);
[[nodiscard]] Restart restart_method(const Config& config);

}  // namespace thane::internal
