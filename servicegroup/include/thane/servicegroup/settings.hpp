// The options of service records, under nova's names.
#pragma once

#include <chrono>

#include <thane/config.hpp>
#include <thane/opt.hpp>

namespace thane::servicegroup {

/// Group DEFAULT: report_interval, service_down_time, enable_new_services. For
/// Config::from_command_line().
[[nodiscard]] OptGroup options();
/// Group database: connection, timeout. Whatever --check-config reads is tried for its form.
[[nodiscard]] OptGroup database_options();

/// How often a service reports, and when one that does not counts as down.
struct Settings {
  std::chrono::milliseconds report_interval{10'000};
  std::chrono::milliseconds service_down_time{60'000};
  bool enable_new_services =
      true;  ///< False: the first time that a service is seen it is disabled.

  /// By the options above. If service_down_time is not longer than report_interval it is made 2.5
  /// times as long, with a warning in the log: nova's rule.
  static Settings from(const Config& config);
};

}  // namespace thane::servicegroup
