// What becomes of an exception that leaves main() before anything is launched.
#pragma once

namespace thane::internal {

/// From now on such an exception is one line of the log and status 3, as a service is that cannot
/// start: a port that is taken is no bug, and wants no core dump. A config_error is status 78.
/// Called by Config::from_command_line().
void report_start_failures() noexcept;

/// The opposite: what is not caught from here on is a bug. Called by launchers when they begin to
/// wait.
void stop_reporting_start_failures() noexcept;

}  // namespace thane::internal
