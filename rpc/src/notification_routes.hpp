// The file of the notification driver `routing`: which drivers get which notifications.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shell_pattern.hpp"

namespace thane::rpc::internal {

inline constexpr std::string_view routing_driver = "routing";
/// Those that send or keep what they are given: all but that one.
[[nodiscard]] const std::vector<std::string>& notification_drivers();
[[nodiscard]] bool is_notification_driver(const std::string& name);

/// As the file of oslo.messaging's driver of that name:
///
///     GROUP:
///       DRIVER:
///         accepted_events: [compute.*, volume.*]
///         accepted_priorities: [error, critical]
///
/// A driver gets what all rules of one of its entries accept; one without rules gets everything.
class NotificationRoutes {
 public:
  /// Throws config_error with file and line.
  static NotificationRoutes from_file(const std::string& path);
  /// `name`: what errors call the text.
  static NotificationRoutes parse(std::string_view text, const std::string& name);

  /// Each once, in the order of the file. The priority in lower case.
  [[nodiscard]] std::vector<std::string> drivers_for(std::string_view event_type,
                                                     std::string_view priority) const;

 private:
  friend class RoutesReader;
  using Patterns = std::optional<std::vector<ShellPattern>>;  // None: everything is accepted.
  struct Entry {
    std::string driver;
    Patterns events = {};
    Patterns priorities = {};
  };
  std::vector<Entry> entries_;
};

}  // namespace thane::rpc::internal
