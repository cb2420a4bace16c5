// The launcher's own options, read by name in this one place.
#pragma once

#include <thane/clock.hpp>
#include <thane/config.hpp>
#include <thane/launch_options.hpp>

#include "supervisor.hpp"

namespace thane::internal {

/// Zero: for ever.
[[nodiscard]] Duration graceful_shutdown_timeout(const Config& config);
[[nodiscard]] Supervisor::Limits limits(const Config& config);
[[nodiscard]] Restart restart_method(const Config& config);

}  // namespace thane::internal
